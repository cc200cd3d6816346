import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { GliaError } from '../glia/errors.ts'
import type { Pid } from '../glia/pid.ts'
import type { Policy } from '../glia/policy.ts'
import type { Restart } from '../glia/proc.ts'

const NAME = 'glia'
const VERSION = 2

/** A process as it is kept: enough to bring it back, cold, under the same PID. */
export interface ProcessRecord {
  pid: Pid
  /** Slot of the identity that runs it. */
  slot: number
  name: string
  cid: string
  moduleBytes: number
  methods: readonly string[]
  args: readonly string[]
  env: Readonly<Record<string, string>>
  policy: Policy
  restart: Restart
  /** Bundled root processes cannot be killed. */
  root: boolean
  /** ms since the epoch: the order of the table. */
  createdAt: number
}

/** The peer id of a slot, and its libp2p private key as protobuf. */
export interface SlotIdentity {
  peerId: string
  privateKey: Uint8Array<ArrayBuffer>
}

/** What the user set by hand for the mesh. */
export interface MeshSettings {
  /** Multiaddrs. */
  relays: readonly string[]
  /** STUN and TURN servers, as `parseIceServer` reads them. */
  iceServers: readonly string[]
}

interface Schema extends DBSchema {
  /** Who each slot is. */
  identities: { key: number; value: SlotIdentity }
  processes: { key: string; value: ProcessRecord; indexes: { slot: number } }
  /** Bytes of modules by CID, as blobs: the fast way (FACTS 4.9). */
  modules: { key: string; value: Blob }
  settings: { key: 'mesh'; value: MeshSettings }
}

/** What of this origin outlives the page. Failures are ERR_STORAGE. */
export class Store {
  readonly #db: IDBPDatabase<Schema>

  private constructor(db: IDBPDatabase<Schema>) {
    this.#db = db
  }

  /** @throws {GliaError} ERR_STORAGE if the browser gives this page no database (some private windows do not). */
  static async open(): Promise<Store> {
    const db = await attempt('open its database', () =>
      openDB<Schema>(NAME, VERSION, {
        upgrade(created, from) {
          if (from < 1) {
            created.createObjectStore('identities')
            created.createObjectStore('processes', { keyPath: 'pid' }).createIndex('slot', 'slot')
            created.createObjectStore('modules')
          }
          created.createObjectStore('settings')
        },
        // A newer version of the app in another tab must not wait for this one.
        blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      }),
    )
    return new Store(db)
  }

  identity(slot: number): Promise<SlotIdentity | undefined> {
    return attempt('read the identity', () => this.#db.get('identities', slot))
  }

  async putIdentity(slot: number, identity: SlotIdentity): Promise<void> {
    await attempt('keep the identity', () => this.#db.put('identities', identity, slot))
  }

  meshSettings(): Promise<MeshSettings | undefined> {
    return attempt('read the settings', () => this.#db.get('settings', 'mesh'))
  }

  async putMeshSettings(settings: MeshSettings): Promise<void> {
    await attempt('keep the settings', () => this.#db.put('settings', settings, 'mesh'))
  }

  /** In the order they were made. */
  async processes(slot: number): Promise<ProcessRecord[]> {
    const records = await attempt('read the processes', () => this.#db.getAllFromIndex('processes', 'slot', slot))
    return records.sort((a, b) => a.createdAt - b.createdAt)
  }

  /** Keeps a process, and its module if it is new. */
  async putProcess(record: ProcessRecord, module?: Uint8Array<ArrayBuffer>): Promise<void> {
    await attempt('keep the process', async () => {
      const tx = this.#db.transaction(['processes', 'modules'], 'readwrite', { durability: 'relaxed' })
      const modules = tx.objectStore('modules')
      if (module && (await modules.getKey(record.cid)) === undefined) {
        await modules.put(new Blob([module], { type: 'application/wasm' }), record.cid)
      }
      await tx.objectStore('processes').put(record)
      await tx.done
    })
  }

  /** Forgets a process, and its module if no other process of any slot has it. */
  async deleteProcess(pid: Pid): Promise<void> {
    await attempt('forget the process', async () => {
      const tx = this.#db.transaction(['processes', 'modules'], 'readwrite', { durability: 'relaxed' })
      const processes = tx.objectStore('processes')
      const record = await processes.get(pid)
      await processes.delete(pid)
      const others = await processes.getAll()
      if (record && !others.some(({ cid }) => cid === record.cid)) await tx.objectStore('modules').delete(record.cid)
      await tx.done
    })
  }

  module(cid: string): Promise<Blob | undefined> {
    return attempt('read the module', () => this.#db.get('modules', cid))
  }
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const full = cause instanceof DOMException && cause.name === 'QuotaExceededError'
    const why = full
      ? 'the browser’s storage for this site is full'
      : cause instanceof Error
        ? cause.message
        : String(cause)
    throw new GliaError('ERR_STORAGE', `The browser could not ${what}: ${why}.`, { cause })
  }
}
