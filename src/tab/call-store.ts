import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { closeForNewer, keysFrom } from '../actors/table/database-parts.ts'
import type { KeptRecording } from '../actors/recording/call-recordings.ts'
import { BLOCK_CALLS, type CallBlock } from '../glia/trace/call-block.ts'
import { MAX_TRACED } from '../glia/trace/call-trace.ts'
import type { KeptBlock } from '../glia/trace/read-calls.ts'

const MAX_BLOCKS = Math.ceil(MAX_TRACED / BLOCK_CALLS)

interface Schema extends DBSchema {
  /** Blocks of calls, by the slot of the identity and the id of the first call. */
  blocks: { key: [slot: number, first: number]; value: KeptBlock }
  /** Calls with all that their programs read, by the slot and the id of the call. */
  recordings: { key: [slot: number, id: number]; value: KeptRecording }
}

/** Keeps the calls of a slot across reloads: in a database of its own, since they may be lost without harm. */
export class CallStore {
  readonly #db: IDBPDatabase<Schema>
  readonly #slot: number

  private constructor(db: IDBPDatabase<Schema>, slot: number) {
    this.#db = db
    this.#slot = slot
  }

  /** @throws {DOMException} if the browser gives this page no database. */
  static async open(name: string, slot: number): Promise<CallStore> {
    const db = await openDB<Schema>(`${name}-calls`, 3, {
      upgrade: (created, version) => {
        // The blocks of version 1 have traces that can be guessed.
        if (version === 1) created.deleteObjectStore('blocks')
        if (version < 2) created.createObjectStore('blocks')
        created.createObjectStore('recordings')
      },
      blocking: closeForNewer,
    })
    return new CallStore(db, slot)
  }

  close(): void {
    this.#db.close()
  }

  /** Writes blocks, in the place of what was kept of them. */
  async put(blocks: readonly CallBlock[]): Promise<void> {
    const tx = this.#db.transaction('blocks', 'readwrite', { durability: 'relaxed' })
    const puts = blocks.map(({ numbers, texts, more, size, traces }) =>
      tx.store.put({ numbers, texts, more, size, traces }, [this.#slot, numbers[0] ?? 0]),
    )
    // A page that goes away cannot end its transaction by waiting for it.
    tx.commit()
    await Promise.all([...puts, tx.done])
  }

  /** Deletes the oldest blocks that are too many. */
  async trim(): Promise<void> {
    const tx = this.#db.transaction('blocks', 'readwrite', { durability: 'relaxed' })
    const keys = await tx.store.getAllKeys(keysFrom(this.#slot))
    await Promise.all([...keys.slice(0, -MAX_BLOCKS).map((key) => tx.store.delete(key)), tx.done])
  }

  /** All blocks, the oldest first. */
  blocks(): Promise<KeptBlock[]> {
    return this.#db.getAll('blocks', keysFrom(this.#slot))
  }

  /** The oldest first. */
  recordings(): Promise<KeptRecording[]> {
    return this.#db.getAll('recordings', keysFrom(this.#slot))
  }

  async putRecording(recording: KeptRecording): Promise<void> {
    await this.#db.put('recordings', recording, [this.#slot, recording.id])
  }

  async removeRecordings(ids: readonly number[]): Promise<void> {
    const tx = this.#db.transaction('recordings', 'readwrite', { durability: 'relaxed' })
    await Promise.all([...ids.map((id) => tx.store.delete([this.#slot, id])), tx.done])
  }

  async clear(): Promise<void> {
    await this.#db.delete('blocks', keysFrom(this.#slot))
  }
}
