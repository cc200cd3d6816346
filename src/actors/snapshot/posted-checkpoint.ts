import { GliaError } from '../../glia/errors.ts'
import { bad, type Checkpoint, type PostedCheckpoint, readCheckpoint } from './snapshot.ts'

/** Time in which a posted checkpoint arrives, in ms. It was posted before anybody waits for it. */
const ARRIVAL_MS = 10_000

export function postCheckpoint(checkpoint: Checkpoint): PostedCheckpoint {
  const { snapshot, packs, dropped } = checkpoint
  const { port1, port2 } = new MessageChannel()
  const units = snapshot.files.flatMap((node) => (node.kind === 'file' ? [node.units] : []))
  const parts = [snapshot.memory, ...units, ...packs.flatMap(({ hashes, bytes }) => [hashes, bytes])]
  port1.postMessage(
    checkpoint,
    parts.map(({ buffer }) => buffer),
  )
  return { isWhole: dropped === 'all', port: port2 }
}

/**
 * Takes a checkpoint out of its port, and closes the port.
 * @param messages How many messages are in it: only the page knows.
 * @throws {GliaError} ERR_BAD_SNAPSHOT, ERR_STORAGE
 */
export async function receiveCheckpoint(port: MessagePort, messages: number): Promise<Checkpoint> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const fail = (): void => reject(new GliaError('ERR_STORAGE', 'The state of the process did not arrive to be stored.'))
  const late = setTimeout(fail, ARRIVAL_MS)
  port.addEventListener('messageerror', fail)
  port.addEventListener('message', ({ data }) => resolve(data))
  port.start()
  try {
    const checkpoint = readCheckpoint(await promise)
    if (!checkpoint) throw bad('it is empty')
    return { ...checkpoint, snapshot: { ...checkpoint.snapshot, messages } }
  } finally {
    clearTimeout(late)
    port.close()
  }
}
