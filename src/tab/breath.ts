/**
 * Lets the browser draw, or take a click, before the work that follows. Where it has no `scheduler.yield`, the work goes on.
 */
export async function breath(): Promise<void> {
  await globalThis.scheduler?.yield?.()
}
