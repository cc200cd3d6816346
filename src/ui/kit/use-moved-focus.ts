import { useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Keeps the keyboard where one part takes the place of another. If the focused element leaves the page with a change of
 * `shown`, the target gets the focus.
 * @param target Is asked after the change.
 */
export function useMovedFocus(target: () => HTMLElement | null | undefined, shown: unknown): void {
  // While the new part is rendered, the page still has the old one.
  const focused = document.activeElement
  const before = useRef(shown)
  useLayoutEffect(() => {
    if (before.current === shown) return
    before.current = shown
    // Whoever was elsewhere stays there.
    if (focused?.isConnected === false) target()?.focus()
  }, [shown])
}
