import type { IncomingMessage, ServerResponse } from 'node:http'
import { GliaError } from '../../glia/errors.ts'
import type { CallReply } from '../../glia/http/http-calls.ts'
import { EXIT_HEADER, exitOf } from '../../glia/http/http-exit.ts'

/** What an answer is sent with. */
export interface Sending {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  /** Longest time in which the client may take no bytes, in ms. */
  readonly idleMs: number
}

/** A body on its way to a client. */
type Body = Pick<CallReply, 'read' | 'abort'> & { readonly ended: CallReply['ended'] | undefined }

/** Sends a Response. @throws {GliaError} why its body is not whole. */
export async function sendResponse(reply: Response, sending: Sending): Promise<void> {
  const { incoming, response } = sending
  response.writeHead(reply.status, Object.fromEntries(reply.headers))
  const reader = reply.body?.getReader()
  if (!reader || incoming.method === 'HEAD') {
    await reader?.cancel()
    response.end()
    return
  }
  // A reply may begin long before its first byte is there.
  response.flushHeaders()
  const read = async (): Promise<Uint8Array | null> => (await reader.read()).value ?? null
  const abort = (reason: Error): void => void reader.cancel(reason).catch(() => undefined)
  await sendBody({ read, abort, ended: exitOf(reply) }, sending)
}

/**
 * Sends the reply of a call. A small reply has often ended when its first bytes come: it is sent in one write.
 * @throws {GliaError} why its body is not whole.
 */
export async function sendCallReply(reply: CallReply, sending: Sending): Promise<void> {
  const { response } = sending
  const { headers, first } = reply
  const next = first === null ? undefined : reply.read()
  const isWhole = next === undefined || ((await endsNow(next)) && (await reply.ended) === undefined)
  if (isWhole) {
    response.writeHead(200, { ...headers, 'content-length': first?.length ?? 0 })
    response.end(first)
    return
  }
  response.writeHead(200, headers)
  const ahead = [first, next]
  const read = async (): Promise<Uint8Array | null> => ahead.shift() ?? reply.read()
  await sendBody({ read, abort: (reason) => reply.abort(reason), ended: reply.ended }, sending)
}

/** Whether the reply ends in this turn of the event loop. */
function endsNow(next: Promise<Uint8Array | null>): Promise<boolean> {
  let isEnd = false
  next.then(
    (chunk) => (isEnd = chunk === null),
    // The caller awaits the same promise and gets the error.
    () => undefined,
  )
  return new Promise((resolve) => setImmediate(() => resolve(isEnd)))
}

async function sendBody({ read, abort, ended }: Body, { response, idleMs }: Sending): Promise<void> {
  const cancel = (): void => abort(new GliaError('ERR_ABORTED', 'The caller went away.'))
  response.once('close', cancel)
  if (response.closed) cancel()
  for (let chunk = await read(); chunk !== null; chunk = await read()) {
    if (!response.write(chunk)) await drained(response, idleMs)
  }
  response.off('close', cancel)
  const exit = await ended
  if (exit?.exitCode !== undefined) response.addTrailers({ [EXIT_HEADER]: String(exit.exitCode) })
  response.end()
}

/** Waits until the client has taken the bytes. @throws {GliaError} if it does not, or goes away. */
async function drained(response: ServerResponse, idleMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onClose = (): void => reject(new GliaError('ERR_ABORTED', 'The caller went away.'))
  const timer = setTimeout(() => reject(new GliaError('ERR_DEADLINE', 'The caller does not read its reply.')), idleMs)
  response.once('drain', resolve).once('close', onClose)
  if (response.closed) onClose()
  try {
    await promise
  } finally {
    clearTimeout(timer)
    response.off('drain', resolve).off('close', onClose)
  }
}
