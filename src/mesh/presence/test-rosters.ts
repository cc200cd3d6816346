// For tests: a roster, its readers, and relays that say anything.
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { SILENT } from '../../glia/log.ts'
import { ROSTER_PROTOCOL } from '../limits.ts'
import { plainClient } from '../test-nodes.ts'
import { writeAnnouncement } from './announcement.ts'
import { KnownPeers } from './known-peers.ts'
import { Roster } from './roster.ts'
import { RosterReader } from './roster-reader.ts'

export const ADDRESS = multiaddr('/ip4/198.51.100.7/tcp/4001')

/** The announcement of a peer that does not exist. */
export async function madeUp(): Promise<Uint8Array> {
  const { publicKey } = await generateKeyPair('Ed25519')
  return writeAnnouncement(publicKeyToProtobuf(publicKey), [ADDRESS])
}

/** A roster that tells of 5 near and 3 far peers, and the address of its relay. */
export async function rosterServer() {
  const server = await plainClient({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    connectionManager: { inboundConnectionThreshold: 100 },
  })
  const heard = new KnownPeers()
  const roster = new Roster({
    known: heard,
    networkOf: ({ remoteAddr }) => remoteAddr.toString(),
    isConnected: () => false,
    near: 5,
    far: 3,
  })
  const accepted: Stream[] = []
  await server.handle(ROSTER_PROTOCOL, (stream, connection) => {
    accepted.push(stream)
    roster.accept(stream, connection)
  })
  return { heard, roster, accepted, door: multiaddr(server.getMultiaddrs()[0]?.toString()) }
}

interface TestReader {
  client: Libp2p
  known: KnownPeers
  reader: RosterReader
  /** Begins to read the roster of a relay. */
  attend(relayAddress: string): Promise<() => void>
}

/** A peer that reads no roster yet. */
async function newReader(): Promise<TestReader> {
  const client = await plainClient()
  const known = new KnownPeers()
  const reader = new RosterReader({
    self: client.peerId,
    log: SILENT,
    known,
    addresses: () => [],
    name: () => '',
    heard: () => undefined,
    changed: () => undefined,
  })
  return { client, known, reader, attend: async (address) => reader.attend(await client.dial(multiaddr(address))) }
}

/** A peer that reads the roster of a relay. */
export async function readerAt(relayAddress: string): Promise<TestReader & { leave(): void }> {
  const made = await newReader()
  return { ...made, leave: await made.attend(relayAddress) }
}

/** A relay that says anything on the stream of its roster, and a reader of it, which may read others too. */
export async function liar(say: (stream: Stream) => void, given?: TestReader) {
  const server = await plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
  const ended = Promise.withResolvers<void>()
  await server.handle(ROSTER_PROTOCOL, (stream) => {
    stream.addEventListener('close', () => ended.resolve())
    say(stream)
  })
  const reader = given ?? (await newReader())
  const leave = await reader.attend(server.getMultiaddrs()[0]?.toString() ?? '')
  return { ...reader, leave, ended: ended.promise }
}
