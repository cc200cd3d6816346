import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Keeps the keyboard in a list from which the focused part is removed: the focus goes to the part that took its place,
 * to the last one, or to the list itself. That needs a `tabIndex` and stays on the page.
 * @param parts Selector of the parts of the list. A part takes the focus itself if it can, or else its first button or link does.
 */
export function useKeptFocus(list: RefObject<HTMLElement | null>, parts: string): void {
  const last = useRef<{ part: Element; place: number } | undefined>(undefined)
  useEffect(() => {
    const element = list.current
    const noteFocus = ({ target }: FocusEvent): void => {
      const part = target instanceof Element ? target.closest(parts) : null
      last.current = part ? { part, place: partsOf(element, parts).indexOf(part) } : undefined
    }
    element?.addEventListener('focusin', noteFocus)
    return () => element?.removeEventListener('focusin', noteFocus)
  }, [])
  useLayoutEffect(() => {
    const before = last.current
    if (!before || before.part.isConnected) return
    last.current = undefined
    // Whoever has gone on elsewhere stays there.
    if (document.activeElement !== document.body) return
    const now = partsOf(list.current, parts)
    const next = now[Math.min(before.place, now.length - 1)]
    const target = next?.hasAttribute('tabindex') ? next : next?.querySelector('button, a[href]')
    ;(target instanceof HTMLElement ? target : list.current)?.focus()
  })
}

function partsOf(list: Element | null, parts: string): Element[] {
  return [...(list?.querySelectorAll(parts) ?? [])]
}
