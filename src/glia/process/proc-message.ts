import type { Message } from './actor.ts'
import type { KeptCall } from './call-log.ts'
import { strangersOf } from './callers.ts'
import type { Diagnosis } from './diagnosis.ts'
import { GliaError } from '../errors.ts'
import type { Meter } from '../figures/meter.ts'
import { chainNameOf } from '../chain-name.ts'
import type { Pace } from './pace.ts'
import { hasCallFiles, type Policy } from './policy.ts'
import type { Stream } from '../stream/stream.ts'
import { UnlessOver } from '../wait/unless-over.ts'

export interface MessageInit {
  pid: string
  policy: Policy
  /** Counts the bytes of the process. */
  meter: Meter
  /** Counts the bytes of the call. */
  call: KeptCall
  /** Told when the method waits for the caller. Left out: the caller may take its time. */
  pace?: Pace | undefined
  /** Gathers what the caller may be told if the message fails. */
  diagnosis: Diagnosis
  /** Called when the call is aborted. */
  onOver?: (() => void) | undefined
}

/**
 * A stream as a message for the actor of a process. Neither the message nor the reply exceeds its policy, and no read
 * or write outlives the call.
 */
export function messageOf(stream: Stream, { pid, policy, meter, call, pace, diagnosis, onOver }: MessageInit): Message {
  const { destination, context, signal } = stream
  const { note } = call
  const [reads, writes] = [new UnlessOver(), new UnlessOver()]
  const over = (): void => {
    reads.end(signal.reason)
    writes.end(signal.reason)
    onOver?.()
  }
  signal.addEventListener('abort', over, { once: true })
  if (signal.aborted) over()
  return {
    caller: stream.caller,
    signal,
    note,
    wroteToStderr: (bytes) => diagnosis.wrote(bytes),
    callFailed: (error) => (diagnosis.failedCall = error),
    get room() {
      return stream.room
    },
    closeRead: () => void stream.closeRead(),
    // The end of a reply that waits for the memory to be stored comes later.
    closeWrite: () => void (policy.durable === 'soon' && stream.closeWrite()),
    // For calls that are made for this message: this process waits for them, and they end when it must.
    context: {
      chain: [...context.chain, chainNameOf(destination, pid)],
      onBehalfOf: strangersOf(stream),
      deadlineAt: Math.min(performance.now() + policy.deadlineMs, context.deadlineAt ?? Infinity),
      // The clients of a gateway have shares of their own there too.
      client: context.client,
      trace: context.trace ?? (hasCallFiles(policy) ? note?.trace : undefined),
    },
    read: async () => {
      const came = pace?.reads()
      const chunk = await reads.wait(stream.read())
      came?.(chunk?.byteLength ?? 0)
      call.bytesIn += chunk?.byteLength ?? 0
      meter.carried(chunk?.byteLength ?? 0, 0)
      if (chunk) note?.heads?.request.take(chunk)
      if (call.bytesIn > policy.maxMessageBytes) throw broken(stream, messageTooLarge(policy))
      return chunk
    },
    write: (chunk) => {
      // A program without types can write anything. That is its own failure, and not its caller's.
      if (!(chunk instanceof Uint8Array)) return Promise.reject(notBytes())
      call.bytesOut += chunk.byteLength
      meter.carried(0, chunk.byteLength)
      note?.heads?.reply.take(chunk)
      if (call.bytesOut > policy.maxReplyBytes) return Promise.reject(broken(stream, replyTooLarge(policy)))
      const taken = pace?.writes()
      const written = writes.wait(stream.write(chunk))
      return taken ? written.then(() => taken(chunk.byteLength)) : written
    },
  }
}

export function messageTooLarge({ maxMessageBytes }: Policy): GliaError {
  const message = `The message is larger than the ${maxMessageBytes} bytes that this process accepts.`
  return new GliaError('ERR_MESSAGE_TOO_LARGE', message)
}

function replyTooLarge({ maxReplyBytes }: Policy): GliaError {
  const message = `The reply is larger than the ${maxReplyBytes} bytes that this process may send.`
  return new GliaError('ERR_REPLY_TOO_LARGE', message)
}

function notBytes(): GliaError {
  return new GliaError('ERR_FAILED', 'The method wrote something that is not bytes: a reply takes a Uint8Array.')
}

/** Ends the call with the error, on both sides. */
function broken(stream: Stream, error: GliaError): GliaError {
  stream.abort(error)
  return error
}
