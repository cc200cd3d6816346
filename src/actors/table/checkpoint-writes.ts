import type { IDBPDatabase } from 'idb'
import type { Checkpoint } from '../snapshot/snapshot.ts'
import { attempt, keysFrom } from './database-parts.ts'
import type { Schema } from './store.ts'

/** The part of `memory` that is the snapshot. */
export const SNAPSHOT = 0

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

/**
 * Stores a checkpoint over those before it, whole or not at all. Nothing if the process is not in the database.
 * @param holder Left out: whoever writes is the only one.
 * @throws {GliaError} ERR_STORAGE
 */
export async function writeCheckpoint(
  db: IDBPDatabase<Schema>,
  pid: string,
  { snapshot, packs, dropped }: Checkpoint,
  durability: 'relaxed' | 'strict',
  holder?: Holder,
): Promise<void> {
  await attempt('keep the memory', async () => {
    const tx = db.transaction(['processes', 'memory'], 'readwrite', { durability })
    const memory = tx.objectStore('memory')
    const gone = dropped === 'all' ? [keysFrom(pid)] : dropped.map((id): [string, number] => [pid, id])
    // Nobody would delete the memory of a process that was forgotten meanwhile.
    const undoIfForgotten = async (): Promise<void> => {
      if ((await tx.objectStore('processes').getKey(pid)) === undefined) await memory.delete(keysFrom(pid))
    }
    const refuseIfHeld = async (): Promise<void> => {
      const held = holder && (await memory.get(holderKey(holder.slot)))
      if (held === undefined || held === holder?.id) return
      tx.abort()
      throw new Error('another tab runs its processes now')
    }
    await Promise.all([
      refuseIfHeld(),
      ...gone.map((key) => memory.delete(key)),
      ...packs.map((pack) => memory.put(pack, [pid, pack.id])),
      memory.put(snapshot, [pid, SNAPSHOT]),
      undoIfForgotten(),
      tx.done,
    ])
  })
}

/** No PID is empty. */
function holderKey(slot: number): [string, number] {
  return ['', slot]
}
