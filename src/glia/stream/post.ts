import type { Stream } from './stream.ts'

/**
 * Sends bytes as a whole message, for their effect: the reply is read and dropped. Never rejects: who receives the message
 * reports what goes wrong.
 */
export async function post(stream: Stream, bytes: Uint8Array): Promise<void> {
  try {
    await Promise.all([send(stream, bytes), drop(stream)])
  } catch {
    // The call has failed, and its process has a line about it in its log.
  }
}

async function send(stream: Stream, bytes: Uint8Array): Promise<void> {
  try {
    await stream.write(bytes)
  } catch {
    return // a process that does not want all of it may still do well
  }
  await stream.closeWrite()
}

async function drop(stream: Stream): Promise<void> {
  let chunk = await stream.read()
  while (chunk !== null) chunk = await stream.read()
}
