import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { makeProcesses, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { nextTask } from '../../glia/wait/next-task.ts'
import { MemoryStore } from '../table/test-store.ts'
import { installErrorTransfer } from './comlink-errors.ts'

setFlagsFromString('--expose_gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Each shared buffer that this thread has made. */
const made: WeakRef<SharedArrayBuffer>[] = []
const { SharedArrayBuffer: Original } = globalThis
let worker: Awaited<ReturnType<typeof builtActorWorker>>

beforeAll(async () => {
  globalThis.SharedArrayBuffer = new Proxy(Original, {
    construct(target, args, newTarget) {
      const buffer = Reflect.construct(target, args, newTarget) as SharedArrayBuffer
      made.push(new WeakRef(buffer))
      return buffer
    },
  })
  installErrorTransfer()
  worker = await builtActorWorker()
})
afterAll(async () => {
  globalThis.SharedArrayBuffer = Original
  await worker.remove()
})

/** Shared buffers that this thread can still reach. */
async function heldBuffers(): Promise<number> {
  collectGarbage()
  await nextTask()
  collectGarbage()
  return made.filter((buffer) => buffer.deref() !== undefined).length
}

const ends: [string, (tab: TestProcesses, pid: string) => Promise<unknown>][] = [
  ['evicted', async (tab, pid) => tab.entry(pid).proc.evict()],
  ['stopped at its deadline', (tab, pid) => tab.call(pid, 'spin')],
  ['killed while it runs a message', (tab, pid) => Promise.all([tab.call(pid, 'spin'), tab.table.kill(pid)])],
]

test.each(ends)('a worker that was %s leaves none of its rings behind, also if its process stays', async (_, end) => {
  const tab = makeProcesses({ script: worker.script, store: new MemoryStore() })
  const pid = await tab.table.spawn(await guest('trouble'), { policy: { deadlineMs: 2000 } })
  expect(await heldBuffers()).toBe(4)
  await end(tab, pid)
  await expect.poll(heldBuffers).toBe(0)
  const entry = tab.table.get(pid)
  if (!entry) return
  expect(entry.state).toBe('cold')
  await tab.table.kill(pid)
})
