// The ways in which a process is called, by everybody who can.
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { peerIdOf } from '../tab.ts'
import type { Told } from './outcome.ts'
import type { Place, World } from './world.ts'

export interface Way {
  readonly name: string
  readonly place: Place
  /** Sends a message to the method that echoes it. Each message runs once at most, whatever happens. */
  send(world: World, message: number[]): Promise<Told>
}

/** All that a page can do; its code runs there. */
type InPage = 'glia.call' | 'glia.fetch' | 'fetch' | 'file'

function inPage(kind: InPage): Way['send'] {
  return async ({ caller, target, asker }, message) =>
    caller.evaluate(callInPage, { kind, address: target.address, asker: `/ww/0.1.0/self/${asker}/ask`, message })
}

async function callInPage(init: { kind: InPage; address: string; asker: string; message: number[] }): Promise<Told> {
  const { kind, address, asker } = init
  const message = Uint8Array.from(init.message)
  const request = { method: 'POST', body: message, headers: { 'idempotency-key': `"${crypto.randomUUID()}"` } }
  const readResponse = async (response: Response): Promise<Told> => {
    if (response.status !== 200) return { code: String(((await response.json()) as { code?: unknown }).code) }
    try {
      return { reply: [...new Uint8Array(await response.arrayBuffer())] }
    } catch {
      return { broke: true }
    }
  }
  try {
    if (kind === 'glia.call') return { reply: [...(await glia.call(address, message))] }
    if (kind === 'glia.fetch') return await readResponse(await glia.fetch(address, request))
    if (kind === 'file') {
      const path = new TextEncoder().encode(`${address.slice(1)}\n`)
      const reply = await glia.call(asker, new Uint8Array([...path, ...message]))
      // An errno comes behind what was read before it.
      return new TextDecoder().decode(reply).includes('errno ') ? { code: 'ERR_RESET' } : { reply: [...reply] }
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
async function throughGateway({ relay, target }: World, message: number[]): Promise<Told> {
  let response: Response
  try {
    response = await fetch(new URL(target.address, relay.url), { method: 'POST', body: Uint8Array.from(message) })
  } catch {
    // The gateway's process itself is gone, and with it whoever could have said so.
    return { broke: true }
  }
  try {
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (response.status === 200) return { reply: [...bytes] }
    return { code: String((JSON.parse(new TextDecoder().decode(bytes)) as { code?: unknown }).code) }
  } catch {
    return { broke: true }
  }
}

const connections = new WeakMap<World, Promise<Connection>>()

async function natively(world: World, message: number[]): Promise<Told> {
  const { native, relay, callee, target } = world
  const dial = async (): Promise<Connection> =>
    native.dial(multiaddr(`${relay.tcp}/p2p-circuit/p2p/${await peerIdOf(callee)}`), {
      signal: AbortSignal.timeout(10_000),
    })
  let known = connections.get(world)
  if (!known || (await known.catch(() => undefined))?.status !== 'open') connections.set(world, (known = dial()))
  try {
    const connection = await known
    const options = { runOnLimitedConnection: true, maxOutboundStreams: 256, signal: AbortSignal.timeout(40_000) }
    const stream = await connection.newStream(target.address, options)
    const ended = Promise.withResolvers<Told>()
    const reply: number[] = []
    stream.addEventListener('message', ({ data }) => void reply.push(...data.subarray()))
    stream.addEventListener('remoteCloseWrite', () => ended.resolve({ reply }))
    stream.addEventListener('close', ({ error }) => ended.resolve(error ? { code: 'ERR_RESET' } : { reply }))
    stream.send(Uint8Array.from(message))
    void stream.close().catch(() => undefined)
    // A native client keeps its own deadline: nothing in libp2p does.
    const late = setTimeout(() => stream.abort(new Error('late')), 60_000)
    return await ended.promise.finally(() => clearTimeout(late))
  } catch {
    // libp2p has no codes of ours: not connected, refused and reset are what it can tell.
    return { code: 'ERR_RESET' }
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
]
