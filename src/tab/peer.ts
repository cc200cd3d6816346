import { installErrorTransfer } from '../actors/comlink-errors.ts'
import { ProcessTable } from '../actors/process-table.ts'
import { type SlotIdentity, Store } from '../actors/store.ts'
import { chooseTier, detectPlatform, type Tier } from '../actors/tier.ts'
import type { Env } from '../glia/env.ts'
import { GliaError } from '../glia/errors.ts'
import { createHttp, type HttpApi } from '../glia/http.ts'
import type { Logger } from '../glia/log.ts'
import { type OpenRemote, Router } from '../glia/router.ts'
import type { MeshNode } from '../mesh/node.ts'
import { loadBundled } from './bundled.ts'
import { takeSlot } from './slot.ts'
import { trustedScriptUrl } from './trusted.ts'
import { workerScript } from './worker-script.ts'

/** Everything that makes this tab a peer. */
export interface Peer {
  slot: number
  peerId: string
  tier: Tier
  table: ProcessTable
  router: Router
  http: HttpApi
  /** The libp2p node; undefined while it is being loaded, which no local call waits for. */
  readonly node: MeshNode | undefined
}

export interface PeerInit {
  log: Logger
  /** Name of an I/O tier to use instead of the best. */
  tier: string | null
  openRemote: OpenRemote
  /** Something that a view shows has changed. */
  changed(): void
}

/** libp2p's chunk: fetched from the first moment on, beside everything else. */
type Mesh = Promise<typeof import('../mesh/index.ts')>

/** Starts the peer of this tab: identity, processes, router, HTTP API, and the node in the background. */
export async function startPeer({ log, tier: askedTier, openRemote, changed }: PeerInit): Promise<Peer> {
  const mesh: Mesh = import('../mesh/index.ts')
  const rootModule = loadBundled('root.wasm')
  for (const loading of [mesh, rootModule]) loading.catch(() => undefined) // awaited below
  const [slot, store] = await Promise.all([takeSlot(), openStore(log)])
  const identity = await loadIdentity(slot, store, mesh)
  const { peerId } = identity
  const tier = chooseTier(detectPlatform(), askedTier)
  installErrorTransfer()
  const createWorker = workerScript(new URL('actor.js', document.baseURI).href, (url) => {
    return new Worker(trustedScriptUrl(url), { name: 'glia actor' })
  })
  const table = new ProcessTable({ slot, peerId, store, tier: tier.name, createWorker, log, changed })
  await table.restore()
  await table.ensureRoot(await rootModule)
  const node = startNode(identity, mesh, log)
  const env = createEnv(peerId, node, log)
  const router = new Router({ env, procs: table, openRemote })
  return {
    slot,
    peerId,
    tier,
    table,
    router,
    http: createHttp({ env, router }),
    get node() {
      return node.current
    },
  }
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

/** The identity that is kept for the slot, or a new one, which is then kept. */
async function loadIdentity(slot: number, store: Store | undefined, mesh: Mesh): Promise<SlotIdentity> {
  const kept = await store?.identity(slot)
  if (kept) return kept
  const identity = await (await mesh).newIdentity()
  await store?.putIdentity(slot, identity)
  return identity
}

interface StartingNode {
  current: MeshNode | undefined
  /** Rejects if it cannot be started. */
  started: Promise<MeshNode>
}

function startNode(identity: SlotIdentity, mesh: Mesh, log: Logger): StartingNode {
  const started = mesh.then(({ MeshNode: Node }) => Node.create(identity))
  const node: StartingNode = { current: undefined, started }
  started.then(
    (made) => (node.current = made),
    (thrown: unknown) => log.warn('the libp2p node did not start:', thrown),
  )
  return node
}

function createEnv(peerId: string, node: StartingNode, log: Logger): Env {
  return {
    log: () => log,
    localHost: () => ({ peerId, addrs: () => node.current?.addrs() ?? [] }),
    routing: () => ({ findPeer: async (id, options) => (await node.started).findPeer(id, options?.signal) }),
  }
}
