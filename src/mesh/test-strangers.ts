// For tests: what strangers send to the mesh, damaged.
import { generateKeyPairFromSeed, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { parseAddress } from '../glia/address.ts'
import { GliaError } from '../glia/errors.ts'
import { failedCallWords, MAX_STDERR_BYTES, parseFailure } from '../glia/failure.ts'
import { type ListedProcess, readListing } from '../glia/listing.ts'
import { HOSTILE_JSON, mutations } from '../glia/test-mutations.ts'
import { hostsOf, isDnsName, isNameOfPublicIp, scopeOfHost } from './dial/address-scope.ts'
import { isWebRtcAddress, isWebRtcDirect, peerAt, peerOf, readMultiaddr, relayOf, withPeer } from './dial/addresses.ts'
import { DialGate } from './dial/dial-gate.ts'
import { hostOf } from './dial/failure-words.ts'
import { DISCOVERY_TOPIC, MAX_ANNOUNCED_ADDRESSES } from './limits.ts'
import { type Announcement, readAnnouncement, writeAnnouncement } from './presence/announcement.ts'
import { GossipGuard } from './presence/gossip-guard.ts'
import { KnownPeers } from './presence/known-peers.ts'
import { parseLink } from './relays/link.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const PID = '3J98t1WpEZ73CNmQviecrnyiWrn'
const ADDRESSES = [
  `/ip4/198.51.100.7/tcp/4001/ws/p2p/${PEER}/p2p-circuit/webrtc`,
  `/ip6/2001:db8::1/tcp/4001/p2p/${PEER}`,
  `/dns4/relay.example.org/tcp/443/wss/p2p/${PEER}/p2p-circuit/p2p/${PEER}`,
  '/ip4/10.0.0.1/udp/4001/webrtc-direct/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ',
  '/dns6/203-0-113-9.k51.libp2p.direct/tcp/4001/tls/sni/203-0-113-9.k51.libp2p.direct/ws',
  '/ip6zone/eth0/ip6/fe80::1/udp/1/quic-v1/webtransport',
  '/dnsaddr/bootstrap.example.org',
]

const FAILURE = JSON.stringify({
  code: 'ERR_FAILED',
  message: 'It failed.',
  exitCode: 3,
  peer: PEER,
  stderr: 'x'.repeat(3000),
  failedCall: { code: 'ERR_TRAPPED', peer: PEER, failedCall: { code: 'ERR_FUTURE', exitCode: -1 } },
})

/** Something that a peer reads from strangers. */
interface Reader {
  name: string
  /** What it is meant to read. */
  valid: readonly Uint8Array[]
  /** Reads, and does with the result what peers do. @throws what no stranger may bring about. */
  read(bytes: Uint8Array): unknown
}

/** Whatever a stranger sends, reading it gives a result within limits or an error that the reader states. */
export async function strangerProperty(): Promise<fc.IAsyncProperty<[number, Damage]>> {
  const readers = [...texts(), ...(await announcements())]
  return fc.asyncProperty(fc.nat(readers.length - 1), damages, async (which, damage) => {
    const reader = readers[which]
    if (!reader) throw new Error('there is no such reader')
    for (const piece of damage([...reader.valid])) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, as they arrive
        await reader.read(piece)
      } catch (cause) {
        throw new Error(`${reader.name}: ${String(cause)}, of ${JSON.stringify([...piece.subarray(0, 400)])}`, {
          cause,
        })
      }
    }
  })
}

type Damage = (pieces: Uint8Array[]) => Uint8Array[]

export const damages: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 8, arbitrary: mutations },
  fc.constantFrom(...HOSTILE_JSON).map((json) => () => [json]),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => () => [bytes]),
)

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function texts(): Reader[] {
  const listing = JSON.stringify([{ pid: PID, name: 'echo', methods: ['echo', 'run'] }])
  return [
    {
      name: 'a listing',
      valid: [encode(listing)],
      read: (bytes) => checkListing(stated(() => readListing(decode(bytes)), SyntaxError) ?? []),
    },
    {
      name: 'a failure',
      valid: [encode(FAILURE)],
      read: (bytes) => {
        const failure = parseFailure(decode(bytes))
        if (failure && encode(failure.stderr ?? '').length > MAX_STDERR_BYTES) throw new Error('too much of stderr')
        if (failure && (failedCallWords(failure)?.length ?? 0) > 1000) throw new Error('too many failed calls')
      },
    },
    {
      name: 'a join link',
      valid: ADDRESSES.map((address) =>
        encode(`https://example.org/#join=${address}&join=${encodeURIComponent(address)}`),
      ),
      read: (bytes) => {
        const { peers = [], relays = [] } = badAddress(() => parseLink(decode(bytes))?.invitation) ?? {}
        for (const text of [...peers, ...relays]) checkAddress(multiaddr(text))
      },
    },
    {
      name: 'a multiaddr',
      valid: ADDRESSES.map(encode),
      read: (bytes) => {
        const address = badAddress(() => readMultiaddr(decode(bytes)))
        if (address) checkAddress(address)
      },
    },
    {
      name: 'a protocol id',
      valid: [encode(`/ww/0.1.0/${PEER}/${PID}/run`)],
      read: (bytes) => badAddress(() => parseAddress(decode(bytes))),
    },
  ]
}

async function announcements(): Promise<Reader[]> {
  const { publicKey } = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))
  const self = peerIdFromPublicKey(publicKey)
  const known = new KnownPeers()
  const gate = new DialGate({ networkHere: (host) => (host.startsWith('10.') ? '10' : undefined) })
  const valid = ADDRESSES.map((address) => writeAnnouncement(publicKeyToProtobuf(publicKey), [multiaddr(address)]))
  return [
    {
      name: 'an announcement',
      valid,
      async read(bytes) {
        const announcement: Announcement | undefined = stated(() => readAnnouncement(bytes), Error)
        if (!announcement) return
        const { id, addresses } = announcement
        if (addresses.length > MAX_ANNOUNCED_ADDRESSES) throw new Error('too many addresses')
        known.heard(id, addresses, { name: 'x', isOwnRelay: false })
        for (const address of addresses) {
          checkAddress(address)
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await gate.allowsDial(address)
          gate.isUnknown(address)
          gate.readsList(address)
          gate.name(address)
        }
      },
    },
    {
      name: 'gossip',
      valid,
      async read(data) {
        // A guard of its own: one that has seen much of this listens no more.
        const gossip = { handleReceivedRpc: async () => undefined }
        const around = { sourceOf: () => ({ name: 'x', isOwnRelay: true }), isKnown: () => false }
        new GossipGuard().attach(gossip, around)
        const receive: Parameters<GossipGuard['attach']>[0]['handleReceivedRpc'] = gossip.handleReceivedRpc
        const messages = [{ topic: DISCOVERY_TOPIC, data, from: self.toMultihash().bytes }]
        await receive(self, { subscriptions: [], messages })
      },
    },
  ]
}

/** What dialling asks of an address. None of it may throw. */
function checkAddress(address: Multiaddr): void {
  address.toString()
  for (const host of hostsOf(address) ?? []) {
    scopeOfHost(host)
    isDnsName(host)
    isNameOfPublicIp(host)
  }
  isWebRtcAddress(address)
  isWebRtcDirect(address)
  peerAt(address)
  peerOf(address)
  relayOf(address)
  hostOf(address)
  withPeer(address, PEER).toString()
}

function checkListing(listed: readonly ListedProcess[]): void {
  if (listed.length > 256) throw new Error('too many processes')
  for (const { pid, name, methods } of listed) {
    if (typeof pid !== 'string' || name.length > 100 || methods.length > 64)
      throw new Error('a process over the limits')
  }
}

/** @returns undefined if it throws what it states. */
function stated<T>(read: () => T, error: new (...given: never[]) => Error): T | undefined {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof error) return undefined
    throw thrown
  }
}

/** @returns undefined if it throws ERR_BAD_ADDRESS. */
function badAddress<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof GliaError && thrown.code === 'ERR_BAD_ADDRESS') return undefined
    throw thrown
  }
}
