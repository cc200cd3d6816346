import type { Multiaddr } from '@multiformats/multiaddr'
import { GliaError } from '../../glia/errors.ts'
import { peerOf, relayOf } from './addresses.ts'

/**
 * The failures of libp2p that are told apart. Each is a clause about the other side: “the relay at HOST” or “the peer”
 * comes before it.
 */
const WORDS = {
  self: 'is this peer itself',
  'wrong-peer': 'is another peer than its address says',
  absent: 'does not have this peer',
  full: 'is full',
  refused: 'refuses this peer',
  'no-relay': 'is not a relay',
  unsupported: 'speaks none of the protocols of this peer',
  'too-many': 'has too many calls of this peer open',
  'not-dialled': 'has an address that this peer does not dial',
  'no-transport': 'has an address that this peer cannot dial',
  'not-passed': 'could not pass the call on',
  'bad-answer': 'sent an answer that is not valid',
  silent: 'does not answer',
} as const

export type Failure = keyof typeof WORDS

/**
 * How libp2p names each failure, in its messages or as the name of an error. The first match counts. The text of any
 * other error says nothing to a person, so the words are then that no answer came. A closed port, a port of another
 * protocol and a host that is off have the same words on purpose: a page cannot tell them apart, and nobody can scan
 * ports with this peer.
 */
const SIGNS: readonly (readonly [Failure, RegExp])[] = [
  ['self', /dial self|self as relay|our own peer id|push from ourselves/i],
  ['wrong-peer', /UnexpectedPeer|does not match (the )?expected|did not match (requested|remote) peer/i],
  ['absent', /NO_RESERVATION/],
  ['full', /RESOURCE_LIMIT_EXCEEDED|RESERVATION_REFUSED|RelayQueueFull|reservation queue is full/i],
  ['refused', /PERMISSION_DENIED/],
  ['not-dialled', /(Dial|Connection)Denied|ConnectionIntercepted|blocked by gater|gater denied/i],
  ['bad-answer', /MALFORMED_MESSAGE|UNEXPECTED_MESSAGE|reservation failed with status undefined/],
  ['not-passed', /CONNECTION_FAILED/],
  ['no-relay', /(negotiate|selection failed).*\/libp2p\/circuit\/relay/is],
  ['unsupported', /UnsupportedProtocol|UnhandledProtocol/],
  ['too-many', /TooMany(In|Out)boundProtocolStreams|OverStreamLimit/],
  [
    'no-transport',
    /NoValidAddresses|TransportUnavailable|no valid addresses|no transport available|InappropriateMultiaddr|did not have both relay|maxPeerAddrsToDial|InvalidMultiaddr/i,
  ],
]

/** Longest chain of causes, and most errors of a list, that are read. */
const MAX_DEPTH = 8
const MAX_ERRORS = 64

/** The kind of a failure of libp2p. */
export function failureOf(thrown: unknown, signal?: AbortSignal): Failure {
  if (signal?.aborted) return 'silent'
  const text = textsOf(thrown).join('\n')
  return SIGNS.find(([, sign]) => sign.test(text))?.[0] ?? 'silent'
}

/** A failure of libp2p as a clause about the other side: “does not answer”. It contains none of libp2p's text. */
export function failureWords(thrown: unknown, signal?: AbortSignal): string {
  return WORDS[failureOf(thrown, signal)]
}

/**
 * Why a dial failed, and whose failure it is: the relay's or the peer's.
 * @param hasRelay Whether this peer is connected to a relay. Then silence is the other peer's.
 */
export function dialWords(
  address: Multiaddr,
  thrown: unknown,
  signal: AbortSignal,
  hasRelay: (id: string) => boolean,
): string {
  const relay = relayOf(address)
  const relayId = relay && peerOf(relay)
  const failure = failureOf(thrown, signal)
  if (!relay) return `it, at ${address.toString()}, ${WORDS[failure]}`
  if (failure === 'silent' && relayId !== undefined && hasRelay(relayId))
    return `it does not answer over the relay at ${hostOf(relay)}`
  return `the relay at ${hostOf(relay)} ${WORDS[failure]}`
}

/**
 * An error of libp2p as a GliaError. A GliaError stays as it is. @param other Who failed: “The relay at example.org”.
 */
export function meshError(other: string, thrown: unknown, signal?: AbortSignal): GliaError {
  if (thrown instanceof GliaError) return thrown
  return new GliaError('ERR_UNREACHABLE', `${other} ${failureWords(thrown, signal)}.`, { cause: thrown })
}

/** Host and port of an address, as people write them; the address itself if it has none. */
export function hostOf(address: Multiaddr): string {
  const components = address.getComponents()
  const host = components.find(({ name }) => /^(ip4|ip6|dns|dns4|dns6|dnsaddr)$/.test(name))
  if (host?.value === undefined) return address.toString()
  const port = components.find(({ name }) => name === 'tcp' || name === 'udp')?.value
  const name = host.name === 'ip6' ? `[${host.value}]` : host.value
  return port === undefined ? name : `${name}:${port}`
}

/** Names and messages of an error, of its parts and of its causes. libp2p also throws events and plain texts. */
function textsOf(thrown: unknown, depth = 0): string[] {
  if (depth > MAX_DEPTH) return []
  if (typeof thrown === 'string') return [thrown]
  if (typeof thrown !== 'object' || thrown === null) return []
  const { name, message, errors, error, cause } = thrown as Record<string, unknown>
  const parts = [...(Array.isArray(errors) ? errors.slice(0, MAX_ERRORS) : []), error, cause]
  const own = [name, message].filter((part) => typeof part === 'string')
  return [own.join(': '), ...parts.flatMap((part) => textsOf(part, depth + 1))]
}
