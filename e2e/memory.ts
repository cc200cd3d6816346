import type { CDPSession, Page } from '@playwright/test'
import { devtools } from './tab.ts'

/**
 * How much memory of a page a piece of work holds on to at most, in bytes: JavaScript, the DOM, and array buffers. What
 * the garbage collector could free is not counted.
 */
export async function memoryGrowth(page: Page, work: () => Promise<void>): Promise<number> {
  const session = await devtools(page)
  await session.send('HeapProfiler.enable')
  const before = await heldBytes(session)
  let over = false
  const working = work().finally(() => (over = true))
  let most = before
  while (!over) most = Math.max(most, await heldBytes(session))
  await working
  await session.detach()
  return most - before
}

async function heldBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage')
  return usedSize + embedderHeapUsedSize + backingStorageSize
}
