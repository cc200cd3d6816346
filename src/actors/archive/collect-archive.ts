import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { ProcessEntry } from '../table/process-entry.ts'
import type { ProcessTable } from '../table/process-table.ts'
import { modulesOf } from '../table/process-record.ts'
import type { Store } from '../table/store.ts'
import { MAX_LISTED_KEYS } from '../table/key-list.ts'
import type { KeyedEntries } from '../table/keyed-entries.ts'
import type { KeptContent, KeptInstance } from '../snapshot/kept-instances.ts'
import type { Archive, ArchivedProcess } from './archive-file.ts'

/** Time that a process has to store what is in its memory, in ms. */
const CHECKPOINT_MS = 5000

/**
 * All processes as they are now.
 * @returns with `notes`, a sentence for each thing that is not in it.
 * @throws {GliaError} ERR_STORAGE
 */
export async function collectProcesses(
  table: ProcessTable,
  store: Store,
): Promise<Pick<Archive, 'processes' | 'modules'> & { notes: string[] }> {
  const notes: string[] = []
  const processes: ArchivedProcess[] = []
  const modules = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const entry of table.entries) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- all at once would take all memory at once
      processes.push(await collect(entry, table, store, modules, notes))
    } catch (thrown) {
      notes.push(`${entry.record.name} is not in the file. ${toGliaError(thrown).message}`)
    }
  }
  return { processes, modules, notes }
}

async function collect(
  entry: ProcessEntry,
  table: ProcessTable,
  store: Store,
  modules: Map<string, Uint8Array<ArrayBuffer>>,
  notes: string[],
): Promise<ArchivedProcess> {
  const { exits: _exits, renewedAt: _renewedAt, ...record } = entry.record
  const held = (await entry.retired) ?? entry.mounts
  for (const cid of modulesOf(record)) {
    if (modules.has(cid)) continue
    // oxlint-disable-next-line no-await-in-loop
    const blob = held.get(cid) ?? (await store.module(cid))
    // oxlint-disable-next-line no-await-in-loop
    if (blob) modules.set(cid, new Uint8Array(await blob.arrayBuffer()))
    else if (cid === record.previous?.cid) record.previous = undefined
    else throw new GliaError('ERR_STORAGE', 'The browser has not kept its module.')
  }
  const instances = entry.keys && (await collectInstances(entry.keys, table, store, notes))
  return { record, ...(await contentOf(entry, table, store, notes)), ...(instances && { instances }) }
}

async function collectInstances(
  keys: KeyedEntries,
  table: ProcessTable,
  store: Store,
  notes: string[],
): Promise<KeptInstance[]> {
  const instances: KeptInstance[] = []
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- all at once would take all memory at once
    const some = await keys.list(MAX_LISTED_KEYS, instances.at(-1)?.record.key)
    for (const { key, createdAt, dead } of some) {
      // oxlint-disable-next-line no-await-in-loop
      const content = await keys.with(key, (entry) => contentOf(entry, table, store, notes))
      instances.push({ record: { key, createdAt, ...(dead !== undefined && { dead }) }, ...content })
    }
    if (some.length < MAX_LISTED_KEYS) return instances
  }
}

/** @param entry A process, or an instance of one. */
async function contentOf(
  { record, memory, files }: ProcessEntry,
  table: ProcessTable,
  store: Store,
  notes: string[],
): Promise<KeptContent> {
  const { pid, name, policy } = record
  if (memory.keeps && !memory.isStored) {
    await table.checkpoint(pid, AbortSignal.timeout(CHECKPOINT_MS)).catch((thrown: unknown) => {
      const why = toGliaError(thrown).message
      notes.push(`${name}: the file has what was stored of its memory, which may be older than what it has now. ${why}`)
    })
  }
  return {
    files: await files.entries(),
    memory: policy.memory === 'durable' ? await store.snapshot(pid) : undefined,
  }
}
