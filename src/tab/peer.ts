import { chooseTier, detectPlatform, type Tier } from '../actors/tier.ts'
import { ProcessTable } from '../actors/process-table.ts'
import { Store } from '../actors/store.ts'
import { workerScript } from '../actors/worker-script.ts'
import { GliaError } from '../glia/errors.ts'
import { createHttp, type HttpApi } from '../glia/http.ts'
import type { Logger } from '../glia/log.ts'
import { Router } from '../glia/router.ts'
import type { OpenRemote } from '../glia/router.ts'
import { type Identity, loadIdentity } from '../mesh/identity.ts'
import { MeshNode } from '../mesh/node.ts'
import { loadBundled } from './bundled.ts'
import { takeSlot } from './slot.ts'
import { trustedScriptUrl } from './trusted.ts'

/** Everything that makes this tab a peer. */
export interface Peer {
  slot: number
  peerId: string
  tier: Tier
  node: MeshNode
  table: ProcessTable
  router: Router
  http: HttpApi
}

export interface PeerInit {
  log: Logger
  /** Name of an I/O tier to use instead of the best. */
  tier: string | null
  openRemote: OpenRemote
  /** Something that a view shows has changed. */
  changed(): void
}

/** Starts the peer of this tab: identity, node, processes, router, HTTP API. */
export async function startPeer({ log, tier: askedTier, openRemote, changed }: PeerInit): Promise<Peer> {
  const rootModule = loadBundled('root.wasm')
  rootModule.catch(() => undefined) // awaited below
  const [slot, store] = await Promise.all([takeSlot(), openStore(log)])
  const identity = await loadSlotIdentity(slot, store)
  const node = await MeshNode.create(identity)
  const tier = chooseTier(detectPlatform(), askedTier)
  const { peerId } = identity
  const createWorker = workerScript(new URL('actor.js', document.baseURI).href, (url) => {
    return new Worker(trustedScriptUrl(url), { name: 'glia actor' })
  })
  const table = new ProcessTable({ slot, peerId, store, tier: tier.name, createWorker, log, changed })
  await table.restore()
  await table.ensureRoot(await rootModule)
  const env = node.env(log)
  const router = new Router({ env, procs: table, openRemote })
  return { slot, peerId, tier, node, table, router, http: createHttp({ env, router }) }
}

/** Without a database (some private windows) the peer runs all the same, and forgets everything when the page goes. */
async function openStore(log: Logger): Promise<Store | undefined> {
  try {
    return await Store.open()
  } catch (thrown) {
    if (!(thrown instanceof GliaError)) throw thrown
    log.warn('nothing will be kept across reloads:', thrown.message)
    return undefined
  }
}

function loadSlotIdentity(slot: number, store: Store | undefined): Promise<Identity> {
  return loadIdentity({
    read: async () => store?.key(slot),
    write: async (key) => store?.putKey(slot, key),
  })
}
