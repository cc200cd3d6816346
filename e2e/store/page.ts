import type { ProcessStore } from '../../src/actors/table/process-store.ts'
import { Store } from '../../src/actors/table/store.ts'
import { testStore } from '../../src/actors/table/test-store-suite.ts'
import { SILENT } from '../../src/glia/log.ts'
import { StorageThread } from '../../src/tab/storage-thread.ts'
import { cases, type Check, takeChecks } from './vitest-in-page.ts'

/** Runs in a page of its own: the suite of all stores, with the database of a browser. */
const storeSuite = {
  names: [] as string[],
  /** @returns what the test expects, and what was thrown. */
  async run(index: number): Promise<{ checks: Check[]; thrown: string | undefined }> {
    takeChecks()
    let thrown: string | undefined
    try {
      await cases[index]?.run()
    } catch (error) {
      thrown = String(error instanceof Error ? (error.stack ?? error) : error)
    }
    return { checks: takeChecks(), thrown }
  },
}

/** The names of the databases that are open. */
const names = new Map<ProcessStore, { name: string; close(): void }>()

/** @param asTab Checkpoints are stored as a tab does it: by a thread of its own. */
function opener(asTab: boolean) {
  return async (kept?: ProcessStore): Promise<ProcessStore> => {
    const known = kept && names.get(kept)
    known?.close()
    const name = known?.name ?? crypto.randomUUID()
    const store = await Store.open(name, asTab ? (...given) => StorageThread.start(...given, SILENT) : undefined)
    const used = asTab ? inThread(store) : store
    names.set(used, { name, close: () => store.close() })
    return used
  }
}

/** What is done with the memory of a process, each after the one before: the thread has an order of its own (`StoredMemory`). */
const IN_ORDER: ReadonlySet<PropertyKey> = new Set(['putCheckpoint', 'snapshot', 'snapshots', 'dropSnapshot'])

function inThread(store: Store): ProcessStore {
  const last = new Map<unknown, Promise<unknown>>()
  // The thread takes the memory of a checkpoint with it.
  const putCheckpoint: Store['putCheckpoint'] = (pid, checkpoint, durability) =>
    store.takeCheckpoint(pid, structuredClone(checkpoint), durability)
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = property === 'putCheckpoint' ? putCheckpoint : Reflect.get(target, property)
      if (typeof value !== 'function') return value
      const method = value as (...given: unknown[]) => Promise<unknown>
      return (...given: unknown[]) => {
        if (!IN_ORDER.has(property)) return method.apply(target, given)
        const done = (last.get(given[0]) ?? Promise.resolve()).then(() => method.apply(target, given))
        last.set(
          given[0],
          done.catch(() => undefined),
        )
        return done
      }
    },
  })
}

testStore(opener(false))
const alone = cases.length
testStore(opener(true))
storeSuite.names = cases.map(({ name }, i) => (i < alone ? name : `${name}, with a thread`))

declare global {
  // The page's own copy, once the script has run there.
  var storeSuite: StoreSuite
}
export type StoreSuite = typeof storeSuite

globalThis.storeSuite = storeSuite
