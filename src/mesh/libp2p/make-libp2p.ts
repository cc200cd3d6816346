import { identify, identifyPush } from '@libp2p/identify'
import type { Libp2p, MultiaddrResolver, PeerId } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, dnsaddrResolver, type Libp2pOptions } from 'libp2p'
import { PROTOCOL } from '../../glia/address.ts'
import { VERSION } from '../../glia/version.ts'
import { DialGate } from '../dial/dial-gate.ts'
import { isWebRtcDirect } from '../dial/addresses.ts'
import { type Components, captureComponents } from './components.ts'
import { longPings } from '../patches/long-pings.ts'
import { inOnePiece } from '../patches/one-piece.ts'
import { sendFewerWindowUpdates } from '../patches/window-updates.ts'
import { LazyGossip } from '../presence/lazy-gossip.ts'
import { keyOf } from './identity.ts'
import { paced } from './paced.ts'
import {
  DIAL_DEADLINE_MS,
  MAX_CONNECTIONS,
  MAX_INBOUND_PER_SECOND,
  MAX_INBOUND_WAITING,
  PINGS,
  SHARED_RELAY_ATTEMPT_MS,
  STREAM_WINDOW_BYTES,
} from '../limits.ts'
import type { MeshInit } from '../mesh-init.ts'
import { RtcBudget } from '../dial/rtc-budget.ts'
import { boundSignalling } from '../patches/signalling-gate.ts'
import { rawProtocol } from '../dialects/raw-protocol.ts'
import { LazyRouting } from '../presence/routing.ts'

export interface Libp2pParts {
  libp2p: Libp2p
  components: Components
  gossip: LazyGossip
  gate: DialGate
  rtc: RtcBudget
}

/** A libp2p node for Glia, on what the platform has. It is not started yet. */
export async function makeLibp2p(init: MeshInit): Promise<Libp2pParts> {
  const { identity, platform } = init
  sendFewerWindowUpdates()
  const rtc = new RtcBudget()
  const gate = new DialGate({
    networkHere: platform.networkHere && ((host) => platform.networkHere?.(host)),
    names: platform.names,
  })
  const isBlocked = (peer: PeerId): boolean => init.isBlocked?.(peer.toString()) ?? false
  const encrypter = noise(platform.noise ? { crypto: await platform.noise() } : {})
  const { capture, captured } = captureComponents()
  const libp2p = await createLibp2p({
    privateKey: keyOf(identity),
    start: false,
    nodeInfo: { name: 'glia', version: VERSION },
    addresses: { listen: [...platform.listen], appendAnnounce: [...(platform.announce ?? [])] },
    transports: platform.transports,
    connectionEncrypters: [paced(inOnePiece(encrypter), platform.pace)],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
    // The browser default refuses private addresses and ws. Relays of one's own have such addresses.
    connectionGater: {
      denyDialMultiaddr: async (address) =>
        !(await gate.allowsDial(address)) || (isWebRtcDirect(address) && !rtc.takes()),
      denyDialPeer: isBlocked,
      // A dialled address may lead to another peer than it says, and WebRTC has no other moment to ask.
      denyOutboundUpgradedConnection: isBlocked,
      denyInboundUpgradedConnection: isBlocked,
      ...platform.connectionGater,
    },
    // Relays are looked after by KeptRelay, and nobody else is to be dialled again without need.
    connectionManager: {
      reconnectRetries: 0,
      // libp2p's default for a page is 100, and refuses all others until some are closed.
      maxConnections: MAX_CONNECTIONS,
      dialTimeout: DIAL_DEADLINE_MS,
      addressDialTimeout: SHARED_RELAY_ATTEMPT_MS,
      // Connections are counted by host, and all that come through a relay count for the relay's host. The default of
      // five a second is too few.
      inboundConnectionThreshold: MAX_INBOUND_PER_SECOND,
      maxIncomingPendingConnections: MAX_INBOUND_WAITING,
      resolvers: { dnsaddr: namedOnly(gate) },
      ...platform.connectionManager,
    },
    // The monitor pings every connection all the time, at the cost of a stream each, and aborts connections to
    // throttled tabs after 5 s.
    connectionMonitor: { enabled: false },
    ...(platform.metrics && { metrics: platform.metrics }),
    ...(platform.logger && { logger: platform.logger }),
    ...(platform.datastore && { datastore: platform.datastore }),
    services: {
      components: capture,
      signalling: boundSignalling(rtc, platform.pace),
      identify: identify({ runOnLimitedConnection: true }),
      identifyPush: identifyPush({ runOnLimitedConnection: true }),
      // The default of one stream would fail a second ping, which would look like a dead peer.
      ping: longPings({ runOnLimitedConnection: true, maxOutboundStreams: PINGS, maxInboundStreams: PINGS }),
      gossip: (components: never) => new LazyGossip(components),
      raw: rawProtocol({
        self: identity.peerId,
        isServed: (address) => init.isServed(address),
        serveStream: (stream) => init.serveStream(stream),
        status: () => `${PROTOCOL.slice(1)}/${identity.peerId}/${init.root()}`,
      }),
      ...(!platform.services?.['dht'] && { routing: (components: never) => new LazyRouting(components) }),
      ...platform.services,
    } as unknown as NonNullable<Libp2pOptions['services']>,
  })
  return { libp2p, components: captured(), gossip: libp2p.services['gossip'] as LazyGossip, gate, rtc }
}

/** The addresses in a list that was named here count as named. */
function namedOnly(gate: DialGate): MultiaddrResolver {
  return {
    canResolve: (address) => dnsaddrResolver.canResolve(address),
    resolve: async (address, options) => {
      if (!gate.readsList(address)) return []
      const found = await dnsaddrResolver.resolve(address, options)
      for (const each of found) gate.name(each)
      return found
    },
  }
}
