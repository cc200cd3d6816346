import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createHttp } from '../glia/http/http.ts'
import { HttpCalls } from '../glia/http/http-calls.ts'
import type { Logger } from '../glia/log.ts'
import { isConnected } from '../mesh/relays/relays.ts'
import { accessLog } from './http/access-log.ts'
import { createApp } from './http/app.ts'
import { programCalls } from './http/program-calls.ts'
import { keepRootPid, openDataDir } from './data/data-dir.ts'
import { type DataLock, lockDataDir } from './data/data-lock.ts'
import { checkPort } from './inbound/listen.ts'
import { CALL_LIMITS, type CallLimits, Gateway } from './http/gateway.ts'
import { openHttp } from './http/http-server.ts'
import { BODY_IDLE_MS } from './limits.ts'
import { hostOf } from './inbound/loopback.ts'
import { ServerMetrics } from './metrics/metrics.ts'
import { type MetricsListener, openMetrics } from './http/metrics-listener.ts'
import { LevelStore } from './host/level-store.ts'
import { Owners } from './host/owner.ts'
import { UsageError } from './option-values.ts'
import type { Options } from './options.ts'
import { OwnNames } from './http/own-names.ts'
import { startPeer } from './relay/peer.ts'
import { wsPortOf } from './relay/relay.ts'
import { wellKnown } from './http/well-known.ts'

/** Folder of the processes, in the data folder. */
const ACTORS_FOLDER = 'actors'

export interface ServerInit extends Omit<Options, 'log' | 'logLevel'> {
  /** Folder of the built app. */
  readonly dist: string
  /** The actor worker's script, built for a thread. */
  readonly workerScript: URL
  /** Folder of clang for the playground. Left out: there is none. */
  readonly clang?: string | undefined
  readonly log: Logger
  readonly limits?: Partial<CallLimits & { bodyIdleMs: number }>
}

/** A running server. */
export interface GliaServer {
  /** Where a browser on this machine finds the server. */
  readonly url: string
  readonly port: number
  readonly peerId: string
  /** Multiaddrs of its relay. */
  readonly relayAddresses: readonly string[]
  /**
   * Resolves when another server has taken the data folder. This one must stop: two servers with one key are one peer
   * in two places.
   */
  readonly lost: Promise<void>
  /** Takes no new requests, gives running ones a moment, then ends them, and the peer. Idempotent. */
  stop(): Promise<void>
}

/**
 * @throws {UsageError} if there is no built app, the data folder cannot be used, or the server cannot listen at an
 * address
 */
export async function startServer(init: ServerInit): Promise<GliaServer> {
  const { host, dist, data } = init
  const rootModule = await loadRootModule(dist)
  const limits = { ...CALL_LIMITS, bodyIdleMs: BODY_IDLE_MS, maxBodyBytes: init.maxBodyBytes, ...init.limits }
  const metrics = new ServerMetrics()

  // First, so that the second of two servers on the same ports learns of this one.
  const http = await openHttp({ host, port: init.http, limits, perAddress: init.perAddress, observer: metrics })
  let lock: DataLock | undefined
  let figures: MetricsListener | undefined
  let store: LevelStore | undefined
  try {
    lock = await lockDataDir(data)
    const { release, lost } = lock
    const kept = await openDataDir(data)
    const { peerId, privateKey } = kept.identity
    await checkPort({ flag: '--ws', port: init.ws }, host)
    await checkPort({ flag: '--tcp', port: init.tcp }, host)
    if (init.metricsPort !== undefined) figures = await openMetrics(init.metricsPort, metrics)
    const names = new OwnNames({ ...init, httpPort: http.port })
    if (init.actors) store = await LevelStore.open(join(data, ACTORS_FOLDER), init.log)
    const owners = new Owners(kept.ownerToken, init.owners)
    const actors = store && { store, owners, maxBodyBytes: limits.maxBodyBytes, liveLimit: init.live }
    const peer = await startPeer({ ...init, ...kept, actors, rootModule, metrics, names })
    // The links of others name the root process that the host has kept.
    if (peer.rootPid !== kept.rootPid) {
      await keepRootPid(data, peer.rootPid).catch((thrown: UsageError) => init.log.warn(thrown.message))
    }
    const calls = new HttpCalls(peer.router)
    const gateway = new Gateway({
      http: createHttp({ ...peer, calls, listingOf: (asked, signal) => peer.mesh.listingOf(asked, signal) }),
      calls,
      peerId,
      secret: privateKey,
      limits,
      observer: metrics.calls,
    })
    const wsPort = init.ws === 0 ? wsPortOf(peer.mesh.libp2p) : init.ws
    const isJoined = (): boolean =>
      init.relays.length === 0 || peer.mesh.relays().some(({ state }) => isConnected(state))
    let isStopping = false
    const notReady = (): string | undefined => {
      if (isStopping) return 'The server is about to stop.'
      return isJoined() ? undefined : 'None of the relays is joined yet.'
    }
    const known = (name: string): object => wellKnown({ ...init, peerId, wsPort }, name)
    const { fetch } = createApp({
      ...init,
      names,
      gateway,
      metrics,
      localMetrics: init.announce.length === 0,
      notReady,
      wellKnown: known,
    })
    http.serve({
      fetch,
      call: programCalls(gateway, names),
      began: init.accessLog ? accessLog(init.log) : undefined,
    })

    const stop = async (): Promise<void> => {
      try {
        isStopping = true
        if (init.actors) await peer.drain(init.graceSeconds * 1000)
        // The peer stops after HTTP: running calls may still use it for a moment.
        await http.stop()
        await figures?.stop()
        await peer.stop()
      } finally {
        await store?.close()
        await release()
      }
    }
    let stopped: Promise<void> | undefined
    return {
      url: `http://${urlHost(host)}:${http.port}/`,
      port: http.port,
      peerId,
      get relayAddresses() {
        return peer.mesh.addrs()
      },
      lost,
      stop: () => (stopped ??= stop()),
    }
  } catch (thrown) {
    await store?.close()
    await lock?.release()
    await figures?.stop()
    await http.stop()
    throw thrown
  }
}

async function loadRootModule(dist: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(dist, 'actors/root.wasm')
  if (existsSync(join(dist, 'index.html')) && existsSync(path)) return new Uint8Array(await readFile(path))
  throw new UsageError(`There is no built app in ${resolve(dist)}: run npm run build first.`)
}

/**
 * `localhost` is a secure context in every browser, and the documentation names it. An address to which it may not lead
 * stays as it is: on many machines it leads to 127.0.0.1 only.
 */
function urlHost(host: string): string {
  return ['127.0.0.1', '0.0.0.0', '::'].includes(host) ? 'localhost' : hostOf(host)
}
