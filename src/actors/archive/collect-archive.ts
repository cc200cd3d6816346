import { GliaError, toGliaError } from '../../glia/errors.ts'
import { instancePid, processOf } from '../../glia/instance-key.ts'
import type { Pid } from '../../glia/pid.ts'
import { filed } from '../sys/check-reminder.ts'
import type { ProcessEntry } from '../table/process-entry.ts'
import type { ProcessTable } from '../table/process-table.ts'
import { modulesOf } from '../table/process-record.ts'
import type { Reminder } from '../table/reminder.ts'
import type { Store } from '../table/store.ts'
import type { KeyedEntries } from '../table/keyed-entries.ts'
import type { Archive, ArchivedContent, ArchivedInstance, ArchivedProcess } from './archive-file.ts'
import { counted } from '../../glia/counted.ts'

/** Time that a process has to store what is in its memory, in ms. */
const CHECKPOINT_MS = 5000

/** Where everything is read from. */
interface Source {
  readonly table: ProcessTable
  readonly store: Store
  /** Gets a sentence for each thing that is not in the file. */
  readonly notes: string[]
  /** By the PIDs of processes and instances. */
  readonly reminders: ReadonlyMap<string, readonly Reminder[]>
}

/**
 * All processes as they are now.
 * @returns with `notes`, a sentence for each thing that is not in it.
 * @throws {GliaError} ERR_STORAGE
 */
export async function collectProcesses(
  table: ProcessTable,
  store: Store,
  slot: number,
): Promise<Pick<Archive, 'processes' | 'modules'> & { notes: string[] }> {
  const notes: string[] = []
  const processes: ArchivedProcess[] = []
  const modules = new Map<string, Uint8Array<ArrayBuffer>>()
  const reminders = Map.groupBy(await store.reminders(slot), ({ pid }) => pid)
  const from: Source = { table, store, notes, reminders }
  for (const entry of table.entries) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- all at once would take all memory at once
      processes.push(await collect(entry, from, modules))
    } catch (thrown) {
      notes.push(`${entry.record.name} is not in the file. ${toGliaError(thrown).message}`)
    }
  }
  return { processes, modules, notes }
}

async function collect(
  entry: ProcessEntry,
  from: Source,
  modules: Map<string, Uint8Array<ArrayBuffer>>,
): Promise<ArchivedProcess> {
  const { exits: _exits, renewedAt: _renewedAt, ...record } = entry.record
  const held = (await entry.retired) ?? entry.mounts
  for (const cid of modulesOf(record)) {
    if (modules.has(cid)) continue
    // oxlint-disable-next-line no-await-in-loop
    const blob = held.get(cid) ?? (await from.store.module(cid))
    // oxlint-disable-next-line no-await-in-loop
    if (blob) modules.set(cid, new Uint8Array(await blob.arrayBuffer()))
    else if (cid === record.previous?.cid) record.previous = undefined
    else throw new GliaError('ERR_STORAGE', 'The browser has not kept its module.')
  }
  const instances = entry.keys && (await collectInstances(entry.keys, from))
  if (instances) noteLost(record.pid, record.name, instances, from)
  return { record, ...(await contentOf(entry, from)), ...(instances && { instances }) }
}

async function collectInstances(keys: KeyedEntries, from: Source): Promise<ArchivedInstance[]> {
  const instances: ArchivedInstance[] = []
  for await (const { key, createdAt, dead } of keys.each()) {
    const content = await keys.with(key, (entry) => contentOf(entry, from))
    instances.push({ record: { key, createdAt, ...(dead !== undefined && { dead }) }, ...content })
  }
  return instances
}

/** A key has no place in the file before its first message. */
function noteLost(
  pid: Pid,
  name: string,
  instances: readonly ArchivedInstance[],
  { reminders, notes }: Pick<Source, 'reminders' | 'notes'>,
): void {
  const known = new Set<string>(instances.map(({ record }) => instancePid(pid, record.key)))
  const lost = [...reminders.keys()].filter((each) => processOf(each) === pid && !known.has(each))
  if (lost.length === 0) return
  const keys = counted(lost.length, 'key')
  notes.push(`${name}: the reminders of ${keys} that had no message yet are not in the file.`)
}

/** @param entry A process, or an instance of one. */
async function contentOf(
  { record, memory, files }: ProcessEntry,
  { table, store, notes, reminders }: Source,
): Promise<ArchivedContent> {
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
    reminders: filed(reminders.get(pid) ?? []),
  }
}
