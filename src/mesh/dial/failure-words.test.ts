import { createServer as createHttp } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import * as libp2pInterface from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { GliaError } from '../../glia/errors.ts'
import { newPid } from '../../glia/pid.ts'
import { failureOf, failureWords, hostOf, meshError } from './failure-words.ts'
import { newIdentity } from '../libp2p/identity.ts'
import { glia, join, relay, type TestNode, whereIs } from '../test-nodes.ts'

/**
 * Text that no person should read: names of classes and status codes, printed objects, stacks, addresses of scripts,
 * words of a library.
 */
const LIBRARY_TEXT =
  /\[object|\bError\b|[a-z]Error|[A-Z]{3,}_[A-Z]|https?:|\.js\b|\bat .*:\d+:\d+|undefined|\bnull\b|multiaddr|dial request|NaN|\n/

const STACK = 'Error: boom\n    at a (http://localhost:2080/assets/mesh-abc123.js:1:2345)'

/** Messages of libp2p 3.3 and its transports, as seen or as read in their source. */
const MESSAGES: readonly (readonly [string, string])[] = [
  ['Can not dial self', 'is this peer itself'],
  ['Tried to dial self', 'is this peer itself'],
  ['Cannot use self as relay', 'is this peer itself'],
  [
    'Payload identity key 12D3KooWa does not match expected remote identity key 12D3KooWb',
    'is another peer than its address says',
  ],
  ['failed to connect via relay with status NO_RESERVATION', 'does not have this peer'],
  ['failed to connect via relay with status RESOURCE_LIMIT_EXCEEDED', 'is full'],
  ['reservation failed with status RESERVATION_REFUSED', 'is full'],
  [
    `Some configured addresses failed to be listened on:\n\n  /ip4/1.2.3.4: reservation failed with status RESERVATION_REFUSED\n${STACK}`,
    'is full',
  ],
  ['The reservation queue is full', 'is full'],
  ['failed to connect via relay with status PERMISSION_DENIED', 'refuses this peer'],
  ['reservation failed with status PERMISSION_DENIED', 'refuses this peer'],
  [
    'The connection gater denied all addresses in the dial request for peer: 12D3KooWa',
    'has an address that this peer does not dial',
  ],
  ['failed to connect via relay with status CONNECTION_FAILED', 'could not pass the call on'],
  ['failed to connect via relay with status MALFORMED_MESSAGE', 'sent an answer that is not valid'],
  ['failed to connect via relay with status UNEXPECTED_MESSAGE', 'sent an answer that is not valid'],
  ['reservation failed with status undefined', 'sent an answer that is not valid'],
  ['Protocol selection failed - could not negotiate /libp2p/circuit/relay/0.2.0/hop', 'is not a relay'],
  ['The dial request has no valid addresses for peer: 12D3KooWa', 'has an address that this peer cannot dial'],
  ['No transport available for address /ip4/1.2.3.4/udp/1/quic-v1', 'has an address that this peer cannot dial'],
  [
    'Circuit relay dial to /p2p-circuit failed as address did not have both relay and destination PeerIDs',
    'has an address that this peer cannot dial',
  ],
  ['All multiaddr dials failed', 'does not answer'],
  ['Dial queue is full', 'does not answer'],
  ['Could not connect to ws://127.0.0.1:1/', 'does not answer'],
  ['connect ECONNREFUSED 127.0.0.1:1', 'does not answer'],
  ['getaddrinfo ENOTFOUND relay.invalid', 'does not answer'],
  ['Unexpected server response: 200', 'does not answer'],
  ['Remote closed connection during opening', 'does not answer'],
  ['Muxer closed remotely', 'does not answer'],
  ['handshake stage 1 validation fail: Invalid payload signature', 'does not answer'],
  ['Unexpected EOF - stream closed while reading 0/1 bytes', 'does not answer'],
  ['The operation was aborted due to timeout', 'does not answer'],
  ['The operation was aborted', 'does not answer'],
  ["Cannot read properties of undefined (reading 'remotePeer')", 'does not answer'],
  [STACK, 'does not answer'],
]

describe('words for what libp2p throws', () => {
  test.each(MESSAGES)('%j', (message, words) => {
    const nested = new AggregateError(
      [new Error('other'), new Error('outer', { cause: new Error(message) })],
      'All multiaddr dials failed',
    )
    for (const thrown of [new Error(message), message, { message }, nested, { error: new Error(message) }]) {
      expect(failureWords(thrown)).toBe(words)
    }
  })

  test('every error class of @libp2p/interface, every event and every other value becomes a clause without the library’s text', () => {
    const classes = (Object.values(libp2pInterface) as unknown[]).filter(
      (value): value is new (message?: string) => Error =>
        typeof value === 'function' && value.prototype instanceof Error,
    )
    expect(classes.length).toBeGreaterThan(25)
    const errors = classes.flatMap((Class) => [new Class(), new Class(STACK), new AggregateError([new Class(STACK)])])
    const loop: { cause?: unknown } = {}
    loop.cause = loop
    const others = [
      new Event('error'),
      new ErrorEventLike(),
      new DOMException('The operation was aborted', 'AbortError'),
      AbortSignal.timeout(0),
      AbortSignal.abort().reason,
      new AggregateError([]),
      new AggregateError(Array.from({ length: 10_000 }, () => new Error(STACK))),
      loop,
      undefined,
      null,
      0,
      '',
      Symbol('x'),
      () => undefined,
      {},
      [],
    ]
    for (const thrown of [...errors, ...others]) {
      expect(failureWords(thrown)).toMatch(/^[a-z][a-z ]+$/)
      expect(meshError('The relay at example.org', thrown).message).not.toMatch(LIBRARY_TEXT)
    }
  })

  test('an error of ours stays, and the cause of another is kept for developers', () => {
    const ours = new GliaError('ERR_DEADLINE', 'Too late.')
    expect(meshError('The peer', ours)).toBe(ours)
    const cause = new Error('boom')
    expect(meshError('The peer', cause)).toMatchObject({
      code: 'ERR_UNREACHABLE',
      message: 'The peer does not answer.',
      cause,
    })
  })

  test.each([
    ['/dns4/relay.example.org/tcp/443/wss', 'relay.example.org:443'],
    ['/ip4/127.0.0.1/tcp/2081/ws/p2p/12D3KooWLLK7rRcL65YfTMcp4KtTgZu9Nz5n5uoTVFYTVuGaUebD', '127.0.0.1:2081'],
    ['/ip6/::1/tcp/1/ws', '[::1]:1'],
    [
      '/p2p/12D3KooWLLK7rRcL65YfTMcp4KtTgZu9Nz5n5uoTVFYTVuGaUebD',
      '/p2p/12D3KooWLLK7rRcL65YfTMcp4KtTgZu9Nz5n5uoTVFYTVuGaUebD',
    ],
  ])('%s is %s', (address, host) => {
    expect(hostOf(multiaddr(address))).toBe(host)
  })
})

/** The error of a browser's WebSocket, which says nothing. */
class ErrorEventLike extends Event {
  readonly error = undefined
  readonly message = ''
  constructor() {
    super('error')
  }
}

describe('words for real failures', () => {
  const doors: Server[] = []

  beforeAll(() => {
    vi.stubGlobal('WebSocket', WebSocket)
    return () => vi.unstubAllGlobals()
  })

  afterEach(() => {
    for (const door of doors.splice(0)) door.close()
  })

  const open = async (door: Server): Promise<number> => {
    doors.push(door)
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
    return (door.address() as AddressInfo).port
  }

  const doorsOf = {
    closed: async () => {
      const port = await open(createServer())
      doors.pop()?.close()
      return port
    },
    http: async () => open(createHttp((_request, response) => void response.end('hello'))),
    rubbish: async () =>
      open(createServer((socket) => void socket.on('error', () => undefined).end('what is this?\n'))),
    'one that hangs up': async () => open(createServer((socket) => void socket.on('error', () => undefined).destroy())),
  }

  const node = (): Promise<TestNode> => glia([], { transports: [tcp(), webSockets(), circuitRelayTransport()] })
  const errorOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'it worked',
      (thrown: Error) => thrown.message,
    )
  const relayError = async ({ mesh }: TestNode, address: string): Promise<string | undefined> => {
    mesh.useRelays([address])
    await expect.poll(() => mesh.relays()[0]?.state, { timeout: 8_000 }).toMatch(/^(waiting|refused)$/)
    return mesh.relays()[0]?.error
  }

  for (const [kind, door] of Object.entries(doorsOf)) {
    for (const transport of ['', '/ws']) {
      test(`a port that is ${kind}, over tcp${transport}`, async () => {
        const port = await door()
        const address = `/ip4/127.0.0.1/tcp/${port}${transport}`
        const peer = await node()
        expect(await errorOf(peer.mesh.connect(address))).toBe(
          `The peer could not be reached: it, at ${address}, does not answer.`,
        )
        expect(await relayError(peer, address)).toBe(`The relay at 127.0.0.1:${port} does not answer.`)
      })
    }
  }

  test('another peer than the address says', async () => {
    const [hub, peer, { peerId: other }] = await Promise.all([relay(), node(), newIdentity()])
    const address = whereIs(hub).replace(hub.peerId, other)
    expect(await errorOf(peer.mesh.connect(address))).toBe(
      `${other} could not be reached: it, at ${address}, is another peer than its address says.`,
    )
    expect(await relayError(peer, address)).toMatch(
      /^The relay at 127\.0\.0\.1:\d+ is another peer than its address says\.$/,
    )
  })

  test('this peer itself, by address, by id, and without an id in the address', async () => {
    const hub = await relay()
    const own = 'This is the address of this peer itself.'
    expect(await errorOf(hub.mesh.connect(whereIs(hub)))).toBe(own)
    expect(await errorOf(hub.mesh.connect(hub.peerId))).toBe(own)
    const address = whereIs(hub).replace(`/p2p/${hub.peerId}`, '')
    expect(await errorOf(hub.mesh.connect(address))).toBe(
      `The peer could not be reached: it, at ${address}, is this peer itself.`,
    )
  })

  test('a relay that is full, and a peer that is no relay', async () => {
    const full = await glia([], {
      listen: ['/ip4/127.0.0.1/tcp/0'],
      reserves: false,
      services: { relay: circuitRelayServer({ reservations: { maxReservations: 0 } }) },
    })
    expect(await relayError(await node(), whereIs(full))).toMatch(/^The relay at 127\.0\.0\.1:\d+ is full\.$/)
    const plain = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
    expect(await relayError(await node(), whereIs(plain))).toMatch(/^The relay at 127\.0\.0\.1:\d+ is not a relay\.$/)
  })

  test('a peer that the relay does not have, and addresses that cannot be dialled', async () => {
    const [hub, peer, { peerId: nobody }] = await Promise.all([relay(), node(), newIdentity()])
    await join(hub, peer)
    const call = peer.mesh.open({ host: nobody, proc: newPid(), method: 'run' }, {
      signal: AbortSignal.timeout(20_000),
      context: { chain: [] },
    } as never)
    const message = await errorOf(call)
    expect(message).toMatch(
      new RegExp(String.raw`^${nobody} could not be reached: the relay at 127\.0\.0\.1:\d+ does not have this peer;`),
    )
    expect(message.replace(/peers? asked/, '')).not.toMatch(LIBRARY_TEXT)
    for (const address of [
      '/ip4/127.0.0.1/udp/1/quic-v1',
      '/unix/nowhere',
      `/p2p/${nobody}`,
      `/p2p-circuit/p2p/${nobody}`,
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await errorOf(peer.mesh.connect(address))).not.toMatch(LIBRARY_TEXT)
    }
    expect(
      failureOf(
        await peer.mesh.libp2p.dial(multiaddr('/ip4/127.0.0.1/udp/1/quic-v1')).catch((thrown: unknown) => thrown),
      ),
    ).toBe('no-transport')
  })
})
