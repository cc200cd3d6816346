import { GliaError, toGliaError } from '../../glia/errors.ts'
import { instancePid } from '../../glia/instance-key.ts'
import type { Policy } from '../../glia/process/policy.ts'
import { FileIndex } from '../files/file-index.ts'
import { fittedFiles } from '../files/fitted-files.ts'
import { mib } from '../module/cap-memory.ts'
import type { KeptContent, KeptInstance } from '../snapshot/kept-instances.ts'
import type { KeyedEntries } from './keyed-entries.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessStore } from './process-store.ts'
import { counted } from '../../glia/counted.ts'

// All keys of a process at once, for its file. Loaded when somebody makes or takes one.

/** Largest memory and files of all keys of a process together, in bytes: all of them are in memory at once, and some times over. */
const MAX_BYTES = 128 * 1024 * 1024
/** What a key takes besides these, at most, in bytes. */
const KEY_BYTES = 1024

/**
 * What all keys of a process have. Each is taken between two of its messages, and the others go on meanwhile.
 * @throws {GliaError} ERR_BAD_REQUEST if that is too much for one file; ERR_STORAGE; the reason of the signal.
 */
export async function takeKeys(name: string, keys: KeyedEntries, signal?: AbortSignal): Promise<KeptInstance[]> {
  const taken: KeptInstance[] = []
  let bytes = 0
  for await (const { key, createdAt, dead } of keys.each()) {
    signal?.throwIfAborted()
    const content = await keys.with(key, (entry) => contentOf(entry, signal)).catch(unlessKilled)
    if (!content) continue
    bytes += KEY_BYTES + bytesOf(content)
    if (bytes > MAX_BYTES) {
      const words = `The keys of ${name} have more than ${mib(MAX_BYTES)}, too much for one file. Take one key at a time, as {pid}:{key}.`
      throw new GliaError('ERR_BAD_REQUEST', words)
    }
    taken.push({ record: { key, createdAt, ...(dead !== undefined && { dead }) }, ...content })
  }
  return taken
}

/**
 * Whether a process may go on with the keys of a file.
 * @throws {GliaError} ERR_TOO_MANY_KEYS, ERR_BAD_REQUEST
 */
export function checkKeys(instances: readonly KeptInstance[], { maxKeys, maxDataBytes, memory }: Policy): void {
  if (instances.length > maxKeys) {
    const words = `The file has ${counted(instances.length, 'key')}, and the policy of the process allows ${maxKeys} (maxKeys).`
    throw new GliaError('ERR_TOO_MANY_KEYS', words)
  }
  for (const { files, memory: kept } of instances) {
    if (kept && memory !== 'durable') {
      throw new GliaError('ERR_BAD_REQUEST', "spawn, policy: keys go on from a file under memory: 'durable' only.")
    }
    fittedFiles(files, new FileIndex(), maxDataBytes)
  }
}

/**
 * Gives a new process the keys of a file. Whoever calls one of them meanwhile waits.
 * @param keeping Resolves when the process is in the store, or is refused.
 * @throws {GliaError} ERR_STORAGE; ERR_DENIED if its family has no quota left; the reason of the signal. Then there must be
 * no process.
 */
export async function fillKeys(
  entry: ProcessEntry,
  instances: readonly KeptInstance[],
  {
    store,
    keeping,
    signal,
  }: { store: ProcessStore | undefined; keeping: Promise<void>; signal?: AbortSignal | undefined },
): Promise<void> {
  await entry.keys?.fill(async (countOne) => {
    await keeping
    if (!store || !entry.persisted) {
      throw new GliaError('ERR_STORAGE', 'The keys of the file cannot be kept, because the process is not.')
    }
    for (const { record, files, memory } of instances) {
      signal?.throwIfAborted()
      const own = instancePid(entry.record.pid, record.key)
      // oxlint-disable no-await-in-loop -- a database takes them one after the other anyway
      await countOne()
      await store.putKey(entry.record.pid, record)
      if (files.length > 0) await store.changeFiles(own, fittedFiles(files, new FileIndex(), Infinity), 'relaxed')
      if (memory) await store.putCheckpoint(own, { ...memory, dropped: 'all' }, 'relaxed')
      // oxlint-enable no-await-in-loop
    }
  })
}

async function contentOf({ proc, files, memory }: ProcessEntry, signal?: AbortSignal): Promise<KeptContent> {
  let content: KeptContent | undefined
  const take = async (): Promise<void> => {
    content = { memory: await memory.present(), files: await files.entries() }
  }
  // A dead one has no turns, and nothing changes.
  await (proc.state === 'dead' ? take() : proc.pause(take, signal))
  if (!content) throw new GliaError('ERR_INTERNAL', 'What a key has was not taken.')
  return content
}

function bytesOf({ files, memory }: KeptContent): number {
  const inFiles = files.reduce((sum, file) => sum + (file.kind === 'file' ? file.bytes.length : 0), 0)
  return inFiles + (memory?.packs ?? []).reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** A key that was killed since it was listed is not in the file. */
function unlessKilled(thrown: unknown): undefined {
  if (toGliaError(thrown).code !== 'ERR_NO_PROC') throw thrown
}
