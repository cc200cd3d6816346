// A process with many headless peers. It does what the run tells it over its channel.
// oxlint-disable-next-line import/no-unassigned-import -- gives what Node lacks
import '../../../src/node/polyfill.ts'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { toGliaError } from '../../../src/glia/errors.ts'
import { createPeer, type HeadlessPeer } from '../../../src/package/headless.ts'
import { createProc } from '../../../src/package/make.ts'
import type { Called, Found, Joined, Look, Order } from '../messages.ts'

/** Peers that join at once, so that a process is not busy for so long that its first peers time out. */
const AT_ONCE = 10
const JOIN_MS = 30_000
const FIND_MS = 30_000

const peers: HeadlessPeer[] = []
const losses: Record<string, number> = {}

function start(relays: readonly string[]): Promise<HeadlessPeer> {
  const echo = createProc({
    name: 'echo',
    policy: { callers: 'anyone' },
    methods: {
      async echo(message) {
        for (let bytes = await message.read(); bytes !== null; bytes = await message.read()) await message.write(bytes)
      },
    },
  })
  return createPeer({ relays, procs: [echo] })
}

async function joined(peer: HeadlessPeer): Promise<void> {
  const until = Date.now() + JOIN_MS
  while (peer.relays().some(({ state }) => state !== 'reserved') && Date.now() < until) await pause(50)
}

async function join({ count, relays }: Extract<Order, { do: 'join' }>): Promise<Joined> {
  const ids: string[] = []
  for (let from = 0; from < count; from += AT_ONCE) {
    const group = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) =>
        start(relays[(from + i) % relays.length] ?? []),
      ),
    )
    await Promise.all(group.map(joined))
    peers.push(...group)
    ids.push(...group.map(({ peerId }) => peerId))
  }
  return { ids }
}

/** Looks often enough to see each loss: a peer waits for half a second before it dials a lost relay again. */
function watch(): void {
  const lost = new Set<HeadlessPeer>()
  setInterval(() => {
    for (const peer of peers) {
      const away = peer.relays().find(({ state }) => state !== 'reserved')
      if (!away) lost.delete(peer)
      else if (!lost.has(peer)) {
        lost.add(peer)
        const why = away.error ?? away.state
        losses[why] = (losses[why] ?? 0) + 1
      }
    }
  }, 200).unref()
}

function look(): Look {
  const seen: Look = {
    reserved: peers.filter((peer) => peer.relays().every(({ state }) => state === 'reserved')).length,
    known: peers.map((peer) => peer.peers().length),
    losses: { ...losses },
  }
  for (const why of Object.keys(losses)) delete losses[why]
  return seen
}

/** A newcomer joins, and then calls a peer of which it has only the id. */
async function find({ peer, relays }: Extract<Order, { do: 'find' }>): Promise<Found> {
  const newcomer = await start(relays)
  try {
    await joined(newcomer)
    const began = performance.now()
    const address = `/ww/0.1.0/${peer}/root/echo`
    const reply = await newcomer.call(address, 'hello', { signal: AbortSignal.timeout(FIND_MS) })
    const text = new TextDecoder().decode(reply)
    return { ms: performance.now() - began, error: text === 'hello' ? undefined : `It answered “${text}”.` }
  } catch (thrown) {
    return { ms: undefined, error: String(thrown) }
  } finally {
    await newcomer.stop()
  }
}

/** All peers call an address at once. */
async function call({ address }: Extract<Order, { do: 'call' }>): Promise<Called> {
  const called: Called = { ms: [], errors: {} }
  const one = async (peer: HeadlessPeer): Promise<void> => {
    const began = performance.now()
    try {
      await peer.call(address, 'hello', { signal: AbortSignal.timeout(FIND_MS) })
      called.ms.push(performance.now() - began)
    } catch (thrown) {
      const { code, message } = toGliaError(thrown)
      const why = `${code}: ${message.replaceAll(/12D3\w+/g, '…')}`
      called.errors[why] = (called.errors[why] ?? 0) + 1
    }
  }
  await Promise.all(peers.map(one))
  return called
}

async function obey(order: Order): Promise<object> {
  switch (order.do) {
    case 'join':
      return join(order)
    case 'look':
      return look()
    case 'find':
      return find(order)
    case 'call':
      return call(order)
    case 'end':
      return Promise.all(peers.map((peer) => peer.stop()))
    default:
      throw new Error('There is no such order.')
  }
}

/** Obeys until it is told to end, or until the run is gone. */
export async function main(): Promise<boolean> {
  watch()
  process.once('disconnect', () => process.exit(1))
  for (;;) {
    const [order] = (await once(process, 'message')) as [Order]
    process.send?.(await obey(order))
    if (order.do === 'end') return true
  }
}
