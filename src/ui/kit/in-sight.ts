/**
 * Scrolls as little as brings an element into sight, before the next picture. Whoever scrolls at once has the browser lay
 * out the page, and again when the rest of the view is there.
 * @returns a function that gives it up
 */
export function bringIntoSight(find: () => Element | null | undefined): () => void {
  const frame = requestAnimationFrame(() => find()?.scrollIntoView({ block: 'nearest', inline: 'nearest' }))
  return () => cancelAnimationFrame(frame)
}
