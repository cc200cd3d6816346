import { type Archive, decodeArchive, encodeArchive } from '../actors/archive/archive-file.ts'
import { PAGE_KEYS } from '../actors/archive/archived-settings.ts'
import { collectProcesses } from '../actors/archive/collect-archive.ts'
import { newManagers } from '../actors/archive/placed.ts'
import { checkIdentityIsFree, putArchive } from '../actors/archive/put-archive.ts'
import type { SlotIdentity } from '../actors/table/schema.ts'
import { Store } from '../actors/table/store.ts'
import { GliaError } from '../glia/errors.ts'
import { VERSION } from '../glia/version.ts'
import type { ArchiveView, EverythingSource } from '../ui/model.ts'
import type { Peer } from './peer.ts'
import { archivedIdentity, identityFrom, isPortable, newPortableIdentity } from './portable-identity.ts'

/** Name of what Glia's own page keeps. */
const STORAGE = 'glia'

/** What this browser keeps, exported, imported and erased as one thing. */
export class Everything implements EverythingSource {
  readonly #peer: Peer
  readonly #stop: () => Promise<void>
  readonly #failed: (why: unknown) => void

  /**
   * @param stop Ends the peer of this tab.
   * @param failed The peer has ended, and what was to be done did not work.
   */
  constructor(peer: Peer, stop: () => Promise<void>, failed: (why: unknown) => void) {
    this.#peer = peer
    this.#stop = stop
    this.#failed = failed
  }

  readonly isPortable = async (): Promise<boolean> =>
    withStore(async (store) => isPortable(await this.#identity(store)))

  readonly renewIdentity = async (): Promise<void> => {
    const identity = await newPortableIdentity()
    await this.#stopAndReload(() => withStore((store) => store.putIdentity(this.#peer.slot, identity)))
  }

  readonly export: EverythingSource['export'] = async ({ withIdentity }) =>
    withStore(async (store) => {
      const { table, peerId, people } = this.#peer
      const identity = withIdentity ? await archivedIdentity(await this.#identity(store)) : undefined
      if (withIdentity && !identity)
        throw new GliaError('ERR_DENIED', 'The browser keeps the key of this peer and gives it to nobody.')
      const { notes, ...collected } = await collectProcesses(table, store, this.#peer.slot)
      const at = Date.now()
      const file = await encodeArchive({
        ...collected,
        at,
        glia: VERSION,
        peer: peerId,
        identity,
        mesh: (await store.meshSettings()) ?? { relays: [], iceServers: [] },
        people: people.view.peek(),
        page: keptByPage(),
      })
      return { file, name: `glia-${new Date(at).toISOString().slice(0, 10)}.gliaall`, notes }
    })

  readonly read = async (file: Blob): Promise<ArchiveView> => {
    const { table, people } = this.#peer
    const inspected: string[] = []
    try {
      const archive = await decodeArchive(file, async (module) => {
        const prepared = await table.prepare(module)
        inspected.push(prepared.cid)
        return prepared
      })
      const { at, glia, peer, identity, processes } = archive
      const managers = newManagers(archive, people.view.peek())
      return {
        at,
        glia,
        peer,
        hasIdentity: identity !== undefined,
        names: processes.flatMap(({ record }) => (record.root ? [] : [record.name])),
        managers,
        put: (choice) => this.#put(archive, choice, choice.withManagers ? managers : []),
      }
    } finally {
      for (const cid of inspected) table.discard(cid)
    }
  }

  readonly erase = async (): Promise<void> => {
    // In the chunk that listens to other tabs.
    const { eraseAll } = await import('./later.ts')
    await this.#stopAndReload(() => eraseAll(STORAGE))
  }

  async #put(
    archive: Archive,
    { placing, withIdentity }: Parameters<ArchiveView['put']>[0],
    managers: readonly string[],
  ): Promise<void> {
    const { slot } = this.#peer
    const identity = withIdentity && archive.identity ? await identityFrom(archive.identity) : undefined
    if (identity) await checkIdentityIsFree(STORAGE, slot, identity.peerId)
    await this.#stopAndReload(async () => {
      await putArchive(archive, { storage: STORAGE, slot, placing, managers, identity })
      for (const [key, value] of Object.entries(archive.page)) {
        if (placing === 'replace' || localStorage.getItem(key) === null) localStorage.setItem(key, value)
      }
    })
  }

  /** The peer is stopped first: it would write what it has in memory over what is there then. */
  async #stopAndReload(work: () => Promise<void>): Promise<void> {
    try {
      await this.#stop()
      await work()
    } catch (thrown) {
      this.#failed(thrown)
      throw thrown
    }
    location.hash = ''
    location.reload()
  }

  async #identity(store: Store): Promise<SlotIdentity> {
    const identity = await store.identity(this.#peer.slot)
    if (identity) return identity
    throw new GliaError('ERR_STORAGE', 'The browser has not kept the identity of this tab.')
  }
}

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open(STORAGE)
  try {
    return await work(store)
  } finally {
    store.close()
  }
}

function keptByPage(): Record<string, string> {
  return Object.fromEntries(
    PAGE_KEYS.flatMap((key) => {
      const value = localStorage.getItem(key)
      return value === null ? [] : [[key, value]]
    }),
  )
}
