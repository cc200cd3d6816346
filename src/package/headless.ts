import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { AddressWatches, type WatchedEnd } from '../glia/address-watches.ts'
import { GliaError } from '../glia/errors.ts'
import { readCallKey } from '../glia/http/request-key.ts'
import { type Logger, SILENT } from '../glia/log.ts'
import { listingFor } from '../glia/listing.ts'
import { isServed } from '../glia/process/admit.ts'
import type { Proc } from '../glia/process/proc.ts'
import { parsePid } from '../glia/pid.ts'
import { cleanName } from '../glia/peer-name.ts'
import { Router } from '../glia/router.ts'
import { bytesOf } from '../glia/stream/bytes-of.ts'
import type { Stream } from '../glia/stream/stream.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import { MeshNode } from '../mesh/node.ts'
import { readMultiaddr } from '../mesh/dial/addresses.ts'
import { newIdentity } from '../mesh/libp2p/identity.ts'
import type { PeerInfo, RelayInfo } from '../mesh/presence/peer-info.ts'
import { createProc, processesOf } from './make.ts'

/** How a peer runs in Node. */
export interface HeadlessPeerOptions {
  /** Multiaddrs of the relays to join. They end with the relay's peer id. */
  relays: readonly string[]
  /** Its processes, as `createProc` of `glia/protocol` makes them; `root` stands for the first. Left out: one without methods. */
  procs?: readonly Proc[] | undefined
  /** What it calls itself, at most 40 characters. Others see it beside its id; it proves nothing. */
  name?: string | undefined
  log?: Logger | undefined
  /** Stops the peer when it aborts. */
  signal?: AbortSignal | undefined
}

export interface HeadlessCallOptions {
  /** Gives the call up. */
  signal?: AbortSignal | undefined
  /** The same text for each try of one call: the called peer runs it once. At most 255 printable ASCII characters. */
  key?: string | undefined
}

/** A peer without a page. */
export interface HeadlessPeer {
  readonly peerId: string
  /** Addresses under which others reach it: none while no relay has a reservation for it. */
  addresses(): string[]
  /** The relays, with what is known of each. */
  relays(): readonly RelayInfo[]
  /** The peers that this one is connected to or has heard of. */
  peers(): readonly PeerInfo[]
  /** Sends a message and collects the reply. @throws {GliaError} what the call failed with. */
  call(address: string, body?: Uint8Array | string, options?: HeadlessCallOptions): Promise<Uint8Array>
  /** Opens a stream to a method: write the message, close the writing half, read the reply. */
  open(address: string, options?: HeadlessCallOptions): Promise<Stream>
  /** Connects to a peer, by multiaddr or peer id. Resolves to its peer id. */
  connect(target: string, options?: { signal?: AbortSignal | undefined }): Promise<string>
  /**
   * Calls the function once for each end of a process of any peer: `exited`, `killed`, `moved`, or `unreachable` when
   * its peer was lost for 5 s. Resolves to the id for `unwatch`. @throws {GliaError} ERR_DENIED if it may not be watched.
   */
  watch(address: string, told: (end: WatchedEnd) => void): Promise<string>
  /** Ends a watch. One that is over is no error. */
  unwatch(id: string): void
  /** Ends its processes and connections. Idempotent. */
  stop(): Promise<void>
}

/**
 * Runs a peer in Node, under a fresh identity.
 * @throws {GliaError} ERR_BAD_ADDRESS if a relay's address is no multiaddr, ERR_BAD_REQUEST if `relays` is no list. The signal's reason if it aborts meanwhile.
 */
export async function createPeer(options: HeadlessPeerOptions): Promise<HeadlessPeer> {
  const { relays, procs = [createProc({ name: 'root', methods: {} })], name = '', log = SILENT, signal: life } = options
  life?.throwIfAborted()
  // A relay that is not there yet is tried again and again. An address that is none is a mistake.
  if (!Array.isArray(relays))
    throw new GliaError('ERR_BAD_REQUEST', 'relays: give a list of multiaddrs; it may be empty.')
  for (const address of relays) readMultiaddr(String(address))
  // oxlint-disable-next-line typescript/no-unnecessary-type-conversion -- programs without types give anything
  const ownName = cleanName(String(name))
  const identity = await newIdentity()
  const { peerId } = identity
  const processes = processesOf(procs)
  const mesh: MeshNode = await MeshNode.create({
    identity,
    log,
    serveStream: (stream) => router.serveStream(stream),
    isServed: ({ proc, method }) => isServed(processes.get(proc), method),
    root: () => processes.rootPid,
    listedTo: (asker) => listingFor(asker, procs),
    watched: (pid) => processes.get(pid),
    name: () => ownName,
    platform: { transports: [tcp(), webSockets(), circuitRelayTransport()], listen: [], reserves: true },
  })
  const router: Router = new Router({
    env: { log: () => log, localHost: () => ({ peerId, addrs: () => mesh.addrs() }), routing: () => mesh.routing },
    procs: processes,
    openRemote: (address, how) => mesh.open(address, how),
    rootOf: async (peer, { signal }) => parsePid(await mesh.rootOf(peer, signal)),
  })
  mesh.useRelays(relays)
  const watches = new AddressWatches({ router, table: { watched: processes.get }, node: Promise.resolve(mesh) })

  let stopped: Promise<void> | undefined
  const checkRuns = (): void => {
    if (stopped) throw new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.')
  }
  const open: HeadlessPeer['open'] = async (text, { signal = new AbortController().signal, key } = {}) => {
    checkRuns()
    const callKey = readCallKey(key)
    const address = await router.resolve(text, { signal })
    if (signal.aborted) throw gaveUp(signal)
    const stream = router.open(address, { caller: peerId, key: callKey })
    abortWith(stream, signal)
    return stream
  }
  const stop = async (): Promise<void> => {
    for (const proc of procs) proc.close(new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.'))
    await mesh.stop()
  }
  const stopOnce = (): Promise<void> => (stopped ??= stop())
  life?.addEventListener('abort', () => void stopOnce(), { once: true })
  if (life?.aborted === true) {
    await stopOnce()
    life.throwIfAborted()
  }
  return {
    peerId,
    addresses: () => mesh.addrs(),
    relays: () => mesh.relays(),
    peers: () => mesh.peers(),
    open,
    async call(address, body = '', how) {
      const message = bytesOf(body)
      const stream = await open(address, how)
      // What goes wrong while sending, the reply tells.
      const sending = stream.write(message).then(() => stream.closeWrite())
      sending.catch(() => undefined)
      return readAll(stream)
    },
    async connect(target, { signal } = {}) {
      checkRuns()
      // oxlint-disable-next-line typescript/no-unnecessary-type-conversion -- programs without types give anything
      return mesh.connect(String(target), signal)
    },
    async watch(address, told) {
      checkRuns()
      return watches.watch(address, told)
    },
    unwatch: (id) => void watches.unwatch(id),
    stop: stopOnce,
  }
}

function gaveUp({ reason }: AbortSignal): GliaError {
  return new GliaError('ERR_ABORTED', 'The caller gave up.', { cause: reason })
}

/**
 * Aborts a call when the signal aborts, until its reply has ended or is not wanted any more. A program may use one signal
 * for all of its calls.
 */
function abortWith(stream: Stream, signal: AbortSignal): void {
  const giveUp = (): void => stream.abort(gaveUp(signal))
  const release = (): void => signal.removeEventListener('abort', giveUp)
  const read = stream.read.bind(stream)
  signal.addEventListener('abort', giveUp, { once: true })
  stream.signal.addEventListener('abort', release, { once: true })
  stream.read = async (into) => {
    const chunk = await read(into).catch((thrown: unknown) => {
      release()
      throw thrown
    })
    if (chunk === null) release()
    return chunk
  }
  for (const name of ['closeRead', 'close'] as const) {
    const end = stream[name].bind(stream)
    stream[name] = async () => {
      release()
      return end()
    }
  }
}
