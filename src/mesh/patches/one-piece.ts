import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions } from '@libp2p/interface'

/**
 * Has an encrypter send the length and the body of a message in one frame. Noise sends two. Together with `window-updates.ts`, a small
 * call over a relay takes each tab two WebSocket frames instead of nine.
 *
 * Seen in @libp2p/noise 17.0.3. Upstream: ChainSafe/js-libp2p-noise#387 mended it in 2023, and libp2p 3's streams brought it back.
 */
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
