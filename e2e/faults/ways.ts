// The ways in which a process is called, by everybody who can.
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { bytesOf, compare } from './message.ts'
import type { Message, Told } from './outcome.ts'
import type { Place, World } from './world.ts'

export interface Way {
  readonly name: string
  readonly place: Place
  /**
   * Sends a message to the method that echoes it. Each message runs once at most, whatever happens.
   * @param lane Calls of one lane come one after the other
   */
  send(world: World, message: Message, lane: number): Promise<Told>
}

/** All that a page can do; its code runs there. */
type InPage = 'glia.call' | 'glia.fetch' | 'fetch' | 'file'

function inPage(kind: InPage): Way['send'] {
  return async ({ caller, target, askers }, message, lane) =>
    caller.evaluate(callInPage, {
      kind,
      address: target.address,
      asker: `/ww/0.1.0/self/${askers[lane % askers.length]}/ask`,
      message,
    })
}

interface InPageInit {
  kind: InPage
  address: string
  asker: string
  message: Message
}

async function callInPage({ kind, address, asker, message }: InPageInit): Promise<Told> {
  const bytes = messageTools.bytesOf(message)
  const request = { method: 'POST', body: bytes, headers: { 'idempotency-key': `"${crypto.randomUUID()}"` } }
  const told = (reply: Uint8Array): Told => messageTools.compare(reply, bytes)
  const readResponse = async (response: Response): Promise<Told> => {
    if (response.status !== 200) return { code: String(((await response.json()) as { code?: unknown }).code) }
    try {
      return told(new Uint8Array(await response.arrayBuffer()))
    } catch {
      return { broke: true }
    }
  }
  try {
    if (kind === 'glia.call') return told(await glia.call(address, bytes))
    if (kind === 'glia.fetch') return await readResponse(await glia.fetch(address, request))
    if (kind === 'file') {
      const path = new TextEncoder().encode(`${address.slice(1)}\n`)
      const reply = await glia.call(asker, new Uint8Array([...path, ...bytes]))
      // An errno comes behind what was read before it.
      return /errno \d+$/.test(new TextDecoder().decode(reply.slice(-16))) ? { code: 'ERR_RESET' } : told(reply)
    }
    for (let tries = 1; ; tries++) {
      try {
        return await readResponse(await fetch(address, request))
      } catch (thrown) {
        // No service worker was there to answer. With its key the request may be sent again, as README says.
        if (tries === 10) return { untyped: String(thrown) }
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  } catch (thrown) {
    const { name, code } = thrown as { name?: unknown; code?: unknown }
    return name === 'GliaError' ? { code: String(code) } : { untyped: String(thrown) }
  }
}

/** As curl does it. */
async function throughGateway({ relay, target }: World, message: Message): Promise<Told> {
  const body = bytesOf(message)
  let response: Response
  try {
    response = await fetch(new URL(target.address, relay.url), { method: 'POST', body })
  } catch {
    // The gateway's process itself is gone, and with it whoever could have said so.
    return { broke: true }
  }
  try {
    const reply = new Uint8Array(await response.arrayBuffer())
    if (response.status === 200) return compare(reply, body)
    return { code: String((JSON.parse(new TextDecoder().decode(reply)) as { code?: unknown }).code) }
  } catch {
    return { broke: true }
  }
}

/** A native client keeps a deadline of its own, since nothing in libp2p does. In ms. */
const NATIVE_MS = 60_000
const NATIVE_DIAL_MS = 10_000

const connections = new WeakMap<World, Promise<Connection>>()

async function natively(world: World, message: Message): Promise<Told> {
  const { native, relay, target } = world
  const deadline = AbortSignal.timeout(NATIVE_MS)
  const dial = (): Promise<Connection> =>
    native.dial(multiaddr(`${relay.tcp}/p2p-circuit/p2p/${target.address.split('/')[3]}`), {
      signal: AbortSignal.timeout(NATIVE_DIAL_MS),
    })
  let stream: Stream | undefined
  const abort = (): void => stream?.abort(new Error('late'))
  try {
    const known = await connections.get(world)?.catch(() => undefined)
    if (known?.status !== 'open') connections.set(world, dial())
    const connection = await connections.get(world)
    stream = await connection?.newStream(target.address, {
      runOnLimitedConnection: true,
      maxOutboundStreams: 256,
      signal: deadline,
    })
    deadline.addEventListener('abort', abort)
    const body = bytesOf(message)
    const ended = Promise.withResolvers<Told>()
    const reply: Uint8Array[] = []
    const whole = (): Told => compare(Buffer.concat(reply), body)
    stream?.addEventListener('message', ({ data }) => void reply.push(data.subarray()))
    stream?.addEventListener('remoteCloseWrite', () => ended.resolve(whole()))
    // js-libp2p gives no error when the connection ended under the stream. Only an end of the reply is announced before.
    stream?.addEventListener('close', () => ended.resolve({ code: 'ERR_RESET' }))
    stream?.send(body)
    void stream?.close().catch(() => undefined)
    return await ended.promise
  } catch {
    // libp2p has no codes of ours: not connected, refused and reset are what it can tell.
    return { code: 'ERR_RESET' }
  } finally {
    deadline.removeEventListener('abort', abort)
  }
}

export const WAYS: readonly Way[] = [
  { name: 'glia.call', place: 'own tab', send: inPage('glia.call') },
  { name: 'glia.fetch', place: 'own tab', send: inPage('glia.fetch') },
  { name: 'fetch', place: 'own tab', send: inPage('fetch') },
  { name: 'fetch', place: 'sibling tab', send: inPage('fetch') },
  { name: 'glia.call', place: 'sibling tab', send: inPage('glia.call') },
  { name: 'file', place: 'sibling tab', send: inPage('file') },
  { name: 'glia.call', place: 'relayed', send: inPage('glia.call') },
  { name: 'fetch', place: 'relayed', send: inPage('fetch') },
  { name: 'file', place: 'relayed', send: inPage('file') },
  { name: 'curl', place: 'relayed', send: throughGateway },
  { name: 'libp2p', place: 'relayed', send: natively },
  { name: 'glia.call', place: 'direct', send: inPage('glia.call') },
  { name: 'fetch', place: 'direct', send: inPage('fetch') },
  { name: 'file', place: 'direct', send: inPage('file') },
]
