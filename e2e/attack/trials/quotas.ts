import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { setTimeout as pause } from 'node:timers/promises'
import { joined, visit } from '../../mesh.ts'
import type { Attack } from '../attack.ts'
import { honestCalls } from '../bystanders.ts'
import { fromAddress, type Stage } from '../stage.ts'

const TUNNEL = '/not-glia/1.0.0'

/** A libp2p peer that reserves at a relay, with nothing of Glia. */
async function reserving(stage: Stage, relay: string): Promise<Libp2p> {
  const libp2p = await createLibp2p({
    addresses: { listen: [`${relay}/p2p-circuit`] },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  stage.defer(() => libp2p.stop())
  return libp2p
}

export const quotas: Attack = {
  name: 'quotas',
  flags: ['--per-address', '64'],
  trials: [
    {
      what: 'one address takes 200 reservations',
      run: async (stage) => {
        const port = await fromAddress(stage, '127.0.0.66', stage.tcpPort)
        const relay = `/ip4/127.0.0.1/tcp/${port}/p2p/${stage.relay.peerId}`
        const greedy = await Promise.all(
          Array.from({ length: 200 }, async () => reserving(stage, relay).catch(() => undefined)),
        )
        await pause(1000)
        const reserved = greedy.filter((peer) =>
          peer?.getMultiaddrs().some((address) => String(address).includes('p2p-circuit')),
        )
        const page = await visit(stage.browser, stage.relay.url)
        const isIn = await Promise.race([joined(page).then(() => true), pause(15_000, false)])
        const wrong = await honestCalls(stage)
        if (!isIn) wrong.push('a newcomer from another address is not joined after 15 s')
        if (reserved.length > 100) wrong.push(`${reserved.length} reservations were made`)
        return wrong
      },
    },
    {
      what: 'two strangers tunnel a protocol of their own',
      run: async (stage) => {
        const peers = await Promise.all([1, 2].map(() => reserving(stage, stage.relay.tcp).catch(() => undefined)))
        const [near, far] = peers
        // The relay makes nobody reachable who does not speak Glia.
        if (!near || !far) return []
        let arrived = 0
        await far.handle(
          TUNNEL,
          (stream) => stream.addEventListener('message', ({ data }) => (arrived += data.byteLength)),
          { runOnLimitedConnection: true },
        )
        try {
          const circuit = await near.dial(multiaddr(`${stage.relay.tcp}/p2p-circuit/p2p/${far.peerId.toString()}`), {
            signal: AbortSignal.timeout(10_000),
          })
          const stream = await circuit.newStream(TUNNEL, { runOnLimitedConnection: true })
          for (let i = 0; i < 64; i++) if (!stream.send(new Uint8Array(16_384))) break
          await pause(2000)
        } catch {
          // Refused: that is what is wanted.
        }
        return arrived === 0 ? [] : [`${arrived} bytes came through`]
      },
    },
  ],
}
