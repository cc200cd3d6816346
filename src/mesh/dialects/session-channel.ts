import type { Stream as Libp2pStream } from '@libp2p/interface'
import type { SessionChannel } from '../../glia/session/session.ts'
import { raiseLowWater } from '../patches/low-water.ts'
import { sendWholeMessages } from '../patches/whole-messages.ts'
import { piecesOf } from './libp2p-stream.ts'

type Handlers = Parameters<SessionChannel['listen']>[0]

/** A libp2p stream as the channel of a session. */
export class Libp2pChannel implements SessionChannel {
  readonly #stream: Libp2pStream
  readonly #explain: (reason: Error | undefined) => Error | undefined

  /** @param explain Finds a better reason for the end of the stream than libp2p gives. */
  constructor(stream: Libp2pStream, explain: (reason: Error | undefined) => Error | undefined = (reason) => reason) {
    sendWholeMessages(stream)
    raiseLowWater(stream)
    this.#stream = stream
    this.#explain = explain
  }

  send(bytes: Uint8Array): boolean {
    return this.#stream.send(bytes)
  }

  listen({ data, drain, closed }: Handlers): void {
    const stream = this.#stream
    stream.addEventListener('drain', () => drain())
    stream.addEventListener('close', ({ error }) => closed(this.#explain(error)))
    stream.addEventListener('remoteCloseWrite', () => closed(this.#explain(undefined)))
    stream.addEventListener('message', (event) => {
      for (const piece of piecesOf(event.data)) data(piece)
    })
    if (stream.status !== 'open' || stream.remoteWriteStatus === 'closed') closed(undefined)
  }

  close(reason?: Error): void {
    if (reason) this.#stream.abort(reason)
    else void this.#stream.close().catch(() => undefined)
  }
}
