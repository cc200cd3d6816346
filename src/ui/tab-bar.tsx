import type { Signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Icon } from './kit/icons.tsx'
import { bringIntoSight } from './kit/in-sight.ts'
import type { TabModel } from './model.ts'
import { hashOf } from './route.ts'
import { goTo } from './router.ts'
import { VIEWS } from './views.ts'

const NAMES = [...VIEWS].flatMap(([name, { word }]) => (word === undefined ? [] : [name]))

export interface TabBarProps {
  model: TabModel
  /** The view that is marked. */
  tab: string
  /** Set when the palette of commands is asked for. */
  paletteShown: Signal<boolean>
}

/** Links to the views. The arrow keys, Home and End go from one to the next. */
export function TabBar({ model, tab, paletteShown }: TabBarProps) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = NAMES.indexOf(tab)
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }
    const name = NAMES.at((moves[event.key] ?? NaN) % NAMES.length)
    if (!(event.key in moves) || !name) return
    event.preventDefault()
    goTo(hashOf(name))
    document.getElementById(tabId(name))?.focus()
  }
  const isFirst = useRef(true)
  useLayoutEffect(() => {
    const isStart = isFirst.current && tab === NAMES[0]
    isFirst.current = false
    // At the start it is in sight, and looking would have the browser lay out the page before all of it is there.
    if (isStart) return undefined
    // On a phone the navigation may be wider than the screen.
    return bringIntoSight(() => document.getElementById(tabId(tab)))
  }, [tab])
  return (
    <nav class="nav" aria-label="Views and commands">
      <div class="tabs" role="tablist" aria-label="Views" onKeyDown={onKeyDown}>
        {NAMES.map((name) => {
          const { word, count } = VIEWS.get(name) ?? {}
          return (
            <a
              key={name}
              role="tab"
              id={tabId(name)}
              href={hashOf(name)}
              aria-selected={tab === name}
              tabIndex={tab === name ? 0 : -1}
            >
              {word} <span class="tab-count">{count?.(model)}</span>
            </a>
          )
        })}
      </div>
      <button
        type="button"
        class="button"
        aria-label="Commands, Ctrl K"
        title="Find views, processes, peers and commands (Ctrl K)"
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => (paletteShown.value = true)}
      >
        <Icon name="search" />
        <kbd class="wide-only soft">Ctrl K</kbd>
      </button>
    </nav>
  )
}

/** Id of the link in the navigation, which names its view. */
export function tabId(view: string): string {
  return `${view}-tab`
}
