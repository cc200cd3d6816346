import type { CDPSession, Page } from '@playwright/test'
import { devtools } from './tab.ts'

declare global {
  /** For a page whose memory is measured: waits during the measurement. */
  function weigh(): Promise<void>
}

/**
 * Most memory of a page that a piece of work holds, in bytes: JavaScript, the DOM, and array buffers. Memory that the
 * garbage collector could free does not count.
 * @param work Calls `weigh()` in the page at its heaviest moments, and does nothing until that resolves.
 */
export async function memoryGrowth(page: Page, work: () => Promise<void>): Promise<number> {
  const session = await devtools(page)
  await session.send('HeapProfiler.enable')
  const before = await heldBytes(session)
  let most = before
  await page.exposeFunction('weigh', async () => {
    // Twice: a sender that is still at work has time to fill what does not push back.
    for (let i = 0; i < 2; i++) most = Math.max(most, await heldBytes(session))
  })
  await work()
  await session.detach()
  return most - before
}

/** What a page holds now, in bytes, without memory that can be freed. The session has HeapProfiler enabled. */
export async function heldBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage')
  return usedSize + embedderHeapUsedSize + backingStorageSize
}
