import type { IDBPDatabase } from 'idb'
import { keyIn, processOf } from '../../glia/instance-key.ts'
import { changesOf, type Parts } from '../snapshot/history.ts'
import type { Checkpoint } from '../snapshot/snapshot.ts'
import { attempt } from './database-parts.ts'
import type { Schema } from './schema.ts'

/**
 * Who may write the memory of the processes of a slot: the page that has the slot. A worker of an earlier page may live a
 * little longer than the page itself.
 */
export interface Holder {
  slot: number
  /** Unique for each page. */
  id: string
}

/** From now on nobody else writes the memory of the processes of the slot. @throws {GliaError} ERR_STORAGE */
export async function takeHold(db: IDBPDatabase<Schema>, { slot, id }: Holder): Promise<void> {
  await attempt('take its processes', () => db.put('memory', id, holderKey(slot)))
}

interface MemoryTable {
  get(key: [pid: string, part: number]): Promise<unknown>
  getAllKeys(range: IDBKeyRange): Promise<[pid: string, part: number][]>
}

/** What is kept of the memory of a process, within a transaction. */
export function partsIn(memory: MemoryTable, pid: string): Parts {
  return {
    get: (part) => memory.get([pid, part]),
    numbers: async (first, last) =>
      (await memory.getAllKeys(IDBKeyRange.bound([pid, first], [pid, last]))).map(([, part]) => part),
  }
}

/**
 * Stores a checkpoint after those before it, whole or not at all. Nothing if the process is not in the database.
 * @param holder Left out: whoever writes is the only one.
 * @throws {GliaError} ERR_STORAGE
 */
export async function writeCheckpoint(
  db: IDBPDatabase<Schema>,
  pid: string,
  checkpoint: Checkpoint,
  durability: 'relaxed' | 'strict',
  holder?: Holder,
): Promise<void> {
  await attempt('keep the memory', async () => {
    const tx = db.transaction(['processes', 'keys', 'memory'], 'readwrite', { durability })
    const memory = tx.objectStore('memory')
    const key = keyIn(pid)
    const [known, held, { puts, gone }] = await Promise.all([
      key === undefined
        ? tx.objectStore('processes').getKey(pid)
        : tx.objectStore('keys').getKey([processOf(pid), key]),
      holder && memory.get(holderKey(holder.slot)),
      changesOf(partsIn(memory, pid), checkpoint, Date.now()),
    ])
    if (held !== undefined && held !== holder?.id) throw new Error('another tab runs its processes now')
    // Nobody would delete the memory of a process that was forgotten meanwhile.
    if (known === undefined) return
    await Promise.all([
      ...gone.map((part) => memory.delete([pid, part])),
      ...puts.map(([part, value]) => memory.put(value as Schema['memory']['value'], [pid, part])),
      tx.done,
    ])
  })
}

/** No PID is empty. */
function holderKey(slot: number): [string, number] {
  return ['', slot]
}
