import type { CDPSession, Page } from '@playwright/test'
import { devtools } from './tab.ts'

declare global {
  /** In a page whose memory is looked at: waits while that is done. */
  function weigh(): Promise<void>
}

/**
 * How much memory of a page a piece of work holds on to at most, in bytes: JavaScript, the DOM, and array buffers. What
 * the garbage collector could free is not counted.
 *
 * @param work calls `weigh()` in the page at its heaviest moments, and does nothing until that resolves
 */
export async function memoryGrowth(page: Page, work: () => Promise<void>): Promise<number> {
  const session = await devtools(page)
  await session.send('HeapProfiler.enable')
  const before = await heldBytes(session)
  let most = before
  await page.exposeFunction('weigh', async () => {
    // Twice: whoever still sends has time to fill what does not push back.
    for (let i = 0; i < 2; i++) most = Math.max(most, await heldBytes(session))
  })
  await work()
  await session.detach()
  return most - before
}

/** What a page holds now, in bytes, without what can be freed. The session has HeapProfiler enabled. */
export async function heldBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage')
  return usedSize + embedderHeapUsedSize + backingStorageSize
}
