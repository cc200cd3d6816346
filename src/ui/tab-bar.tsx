import type { Signal } from '@preact/signals'

const TABS = { processes: 'Processes', peers: 'Peers', settings: 'Settings' } as const
const NAMES = Object.keys(TABS) as Tab[]

export type Tab = keyof typeof TABS

export interface TabBarProps {
  tab: Signal<Tab>
  /** Numbers beside the names of tabs. */
  counts: Partial<Record<Tab, number>>
}

/** The tabs of the views. The arrow keys, Home and End go from one to the next. */
export function TabBar({ tab, counts }: TabBarProps) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = NAMES.indexOf(tab.value)
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }
    const name = NAMES.at((moves[event.key] ?? NaN) % NAMES.length)
    if (!(event.key in moves) || !name) return
    event.preventDefault()
    tab.value = name
    document.getElementById(tabId(name))?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={onKeyDown}>
      {NAMES.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={tabId(name)}
          aria-selected={tab.value === name}
          tabIndex={tab.value === name ? 0 : -1}
          onClick={() => (tab.value = name)}
        >
          {TABS[name]} <span class="tab-count">{counts[name]}</span>
        </button>
      ))}
    </div>
  )
}

/** Id of the tab's button, which names its view. */
export function tabId(tab: Tab): string {
  return `${tab}-tab`
}
