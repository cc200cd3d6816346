import { type GliaError, toGliaError } from '../errors.ts'
import type { Stream } from './stream.ts'

/**
 * Sends bytes as a whole message, for their effect. The reply is read and dropped. Never rejects: the receiver reports
 * failures. Resolves with the failure of the call; undefined if it has none.
 */
export async function post(stream: Stream, bytes: Uint8Array): Promise<GliaError | undefined> {
  try {
    await Promise.all([send(stream, bytes), drop(stream)])
    return undefined
  } catch (thrown) {
    return toGliaError(thrown)
  }
}

async function send(stream: Stream, bytes: Uint8Array): Promise<void> {
  try {
    await stream.write(bytes)
  } catch {
    return // A process that does not want the whole message may still succeed.
  }
  await stream.closeWrite()
}

async function drop(stream: Stream): Promise<void> {
  let chunk = await stream.read()
  while (chunk !== null) chunk = await stream.read()
}
