import type { Stream } from '@libp2p/interface'
import { type Ping, type PingComponents, type PingInit, ping } from '@libp2p/ping'
import { GliaError } from '../../glia/errors.ts'
import { sendWholeMessages } from './whole-messages.ts'

/**
 * libp2p's ping service, which answers the pings of one stream until the other side ends it. By itself it ends each
 * stream after a fixed time. Two peers that watch their connection would negotiate a new stream again and again, which
 * costs more than the pings.
 *
 * Seen in @libp2p/ping 3.1.13. Upstream: not reported, see README.md.
 */
export function longPings(init: PingInit): (components: PingComponents) => Ping {
  return (components) => Object.assign(ping(init)(components), { handlePing: answerPings })
}

function answerPings(stream: Stream): void {
  sendWholeMessages(stream)
  stream.addEventListener('remoteCloseWrite', () => void stream.close().catch(() => undefined))
  // Added last: adding it delivers what has already come.
  stream.addEventListener('message', ({ data }) => {
    // A side that pings and does not read the answers must not fill the memory of this one.
    if (stream.writableNeedsDrain) stream.abort(new GliaError('ERR_MAILBOX_FULL', 'The peer does not read.'))
    else if (stream.writeStatus === 'writable') stream.send(data)
  })
  // Its end may have come before this handler. The pings that came with it are answered first.
  if (stream.remoteWriteStatus === 'closed') queueMicrotask(() => void stream.close().catch(() => undefined))
}
