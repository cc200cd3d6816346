import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { LookupFunction, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { closingSockets } from '../../mesh/patches/closing-sockets.ts'
import { foreignHost, foreignPage } from '../http/guard.ts'
import { HEAD_MS, MAX_FRAME_BYTES } from '../limits.ts'
import { clientOf } from '../inbound/loopback.ts'
import type { RefusalObserver } from '../metrics/metrics.ts'
import { networkOf } from '../inbound/networks.ts'
import type { OwnNames } from '../http/own-names.ts'
import type { Unfinished } from '../inbound/unfinished.ts'
import { dialling } from '../patches/dialled-sockets.ts'
import type { WsListener } from '../patches/ws-listener.ts'

export interface GuardedWebSocketsInit {
  /** Known once the HTTP port is open, which is before this one. */
  readonly names: OwnNames
  /** Counts sockets that have not upgraded yet. */
  readonly unfinished: Unfinished
  readonly observer: RefusalObserver
  /** Looks up names that are dialled. */
  readonly lookup: LookupFunction
}

/**
 * libp2p's WebSocket transport with a guarded port. Only pages of this server and of allowed sites come in. A frame has
 * a limit, a silent socket is closed, and a client behind a proxy on this machine counts by its own address.
 */
export function guardedWebSockets(init: GuardedWebSocketsInit): (components: WebSocketsComponents) => Transport {
  return (components) => {
    const transport = closingSockets(webSockets())(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options: CreateListenerOptions) =>
      guarded(createListener(options) as unknown as WsListener, init)
    const dial = transport.dial.bind(transport)
    transport.dial = (address, options) => dialling.run(init.lookup, () => dial(address, options))
    return transport
  }
}

function guarded(listener: WsListener, init: GuardedWebSocketsInit): Listener {
  listener.wsServer.options.maxPayload = MAX_FRAME_BYTES

  /** Functions to call when a socket asks for a WebSocket. */
  const waiting = new WeakMap<Duplex, () => void>()
  const accept = listener.onSocketConnection.bind(listener)
  listener.onSocketConnection = async (socket) => {
    waiting.set(socket, untilUpgrade(socket, init.unfinished))
    // The library listens for errors only after the first byte. Until then this listener does.
    socket.on('error', () => socket.destroy())
    await accept(socket)
  }

  listener.onUpgrade = (request, socket, head) => {
    const why = refusal(request, init.names)
    if (why !== undefined) {
      init.observer.refused(why.what)
      refuseUpgrade(socket, why.sentence)
      return
    }
    waiting.get(socket)?.()
    listener.wsServer.handleUpgrade(request, socket, head, (websocket) =>
      listener.onWsServerConnection(websocket, asFrom(clientOf(request), request)),
    )
  }
  return listener
}

/** Closes a socket that has not asked for a WebSocket in time. @returns a function to call when it has asked */
function untilUpgrade(socket: Socket, unfinished: Unfinished): () => void {
  const end = (): void => void socket.destroy()
  const remove = unfinished.add(networkOf(socket.remoteAddress ?? ''), end)
  const timer = setTimeout(end, HEAD_MS)
  const proved = (): void => {
    clearTimeout(timer)
    remove()
  }
  socket.once('close', proved)
  return proved
}

function refusal(
  { headers }: IncomingMessage,
  names: OwnNames,
): { what: 'host' | 'origin'; sentence: string } | undefined {
  if (!names.answersTo(headers.host)) return { what: 'host', sentence: foreignHost(headers.host, names) }
  // Programs send none.
  if (headers.origin === undefined || names.mayJoin(headers.origin, headers.host)) return undefined
  return { what: 'origin', sentence: foreignPage(headers.origin) }
}

function refuseUpgrade(socket: Duplex, sentence: string): void {
  const head = [
    `HTTP/1.1 403 ${STATUS_CODES[403]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(sentence) + 1}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${sentence}\n`)
}

/** The request for libp2p, which takes the address of the connection from the socket. */
function asFrom(client: string, request: IncomingMessage): Pick<IncomingMessage, 'socket' | 'destroy'> {
  const { remotePort } = request.socket
  return {
    socket: { remoteAddress: client, remotePort } as Socket,
    destroy: (err) => request.destroy(err),
  }
}
