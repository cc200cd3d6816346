import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions } from '@libp2p/interface'
import { StreamState, YamuxStream } from '@libp2p/yamux/stream'

/**
 * Makes a connection carry fewer, larger frames: over a relay every one is encrypted twice and passed on four times. Seen with
 * @libp2p/yamux 8.0.3 and noise 17.0.3: a small call over a relay took each tab nine WebSocket frames, now it takes two.
 */

/**
 * Has yamux tell of room in its window when half of it is used up, as go-yamux does, and not after each message.
 * Idempotent.
 */
export function sendFewerWindowUpdates(): void {
  if (mended) return
  mended = true
  // It is called on its stream.
  // oxlint-disable-next-line typescript/unbound-method
  const { sendWindowUpdate } = YamuxStream.prototype
  YamuxStream.prototype.sendWindowUpdate = function sparing(this: YamuxStream): void {
    const { state, recvWindow, recvWindowCapacity } = this as unknown as Window
    // In its other states a stream has a flag to send with it.
    const isDue = state !== StreamState.Established || recvWindowCapacity <= recvWindow / 2
    if (isDue) sendWindowUpdate.call(this)
  }
}

let mended = false

interface Window {
  state: StreamState
  /** Bytes that the other side may send in a round, and that it may still send now. */
  recvWindow: number
  recvWindowCapacity: number
}

/** Has an encrypter send the length and the body of a message together, and not as a frame each. */
export function inOnePiece<T>(make: (components: T) => ConnectionEncrypter): (components: T) => ConnectionEncrypter {
  return (components) => {
    const encrypter = make(components)
    const outbound = encrypter.secureOutbound.bind(encrypter)
    const inbound = encrypter.secureInbound.bind(encrypter)
    encrypter.secureOutbound = (connection: MessageStream, options?: SecureConnectionOptions) =>
      outbound(sendingWhole(connection), options)
    encrypter.secureInbound = (connection: MessageStream, options?: SecureConnectionOptions) =>
      inbound(sendingWhole(connection), options)
    return encrypter
  }
}

function sendingWhole(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection)
  connection.send = (data) => {
    const bytes = data.subarray()
    let hasRoom = true
    for (let at = 0; at < bytes.length; at += MAX_PIECE_BYTES) hasRoom = send(bytes.subarray(at, at + MAX_PIECE_BYTES))
    return hasRoom
  }
  return connection
}

/** A muxer gives up to a whole window at once, and relays refuse WebSocket frames of more than 256 KiB. */
const MAX_PIECE_BYTES = 128 * 1024
