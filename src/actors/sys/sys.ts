import { GliaError } from '../../glia/errors.ts'
import { processOf } from '../../glia/instance-key.ts'
import type { Actor, Message } from '../../glia/process/actor.ts'
import { actorOf } from '../../glia/process/function-proc.ts'
import type { GivenPolicy } from '../../glia/process/policy.ts'
import type { KeyListOptions } from '../table/key-list.ts'
import type { KilledProcess, ProcessEntry } from '../table/process-entry.ts'
import type { ProcessTable } from '../table/process-table.ts'
import { isRecord, type SpawnOptions, type SpawnSteps } from '../table/spawn-options.ts'
import { filed, MAX_REMINDER_BYTES } from './check-reminder.ts'
import { readRequest, type Request, writeLine } from './head-line.ts'
import { linesSince } from './numbered-lines.ts'
import type { Reminders } from './reminders.ts'
import { type Managers, Scope } from './scope.ts'
import { SYS_METHODS, type SysMethod } from './sys-proc.ts'
import { remindersOf, withReminders } from './tarred-reminders.ts'
import type { Undos } from './undos.ts'

export interface SysInit {
  readonly table: ProcessTable
  readonly managers: Managers
  readonly reminders: Reminders
  readonly undos: Undos
  /** Has the methods that run, also those whose caller is gone. */
  readonly running: Set<Promise<void>>
  /** Largest module or snapshot, in bytes. */
  readonly maxBodyBytes: number
  /** Policy of new processes, where the sender says nothing else. */
  readonly defaults: GivenPolicy
}

/** What a method of the system process gets. */
interface Order extends Request {
  readonly scope: Scope
  /** Aborts when the caller gave up. */
  readonly signal: AbortSignal
  answer(head: object): Promise<void>
  /** A head with the length of a file, and then the file. */
  give(file: Blob): Promise<void>
}

/**
 * The methods of the system process of a peer, `sys`. A message is one line of JSON and a body, the reply likewise. See
 * the README.
 */
export function sysActor({ table, managers, reminders, undos, running, maxBodyBytes, defaults }: SysInit): Actor {
  /** Two may have killed the same process: it comes back once. */
  const undoOf = new WeakMap<KilledProcess, string>()
  const isKept = (pid: string): boolean => table.entryOf(processOf(pid))?.isKept === true
  const methods: Readonly<Record<SysMethod, (order: Order) => Promise<void>>> = {
    async spawn({ head, body, scope, signal, answer }) {
      const { options, steps } = birthOf(head, scope, defaults)
      const pid = await table.spawn(await body(maxBodyBytes), options, { ...steps, signal })
      await answer({ pid, methods: table.get(pid)?.methods, persisted: isKept(pid) })
    },
    async restore({ head, body, scope, signal, answer }) {
      const { options, steps } = birthOf(head, scope, defaults)
      const pid = await table.spawnFrom(new Blob([await body(maxBodyBytes)]), options, { ...steps, signal })
      await answer({ pid, methods: table.get(pid)?.methods, persisted: isKept(pid) })
    },
    async list({ head, scope, answer }) {
      const { pid } = head
      if (pid !== undefined && typeof pid !== 'string') throw bad('pid: give the PID of the process.')
      const listed = scope.processes.filter(({ record }) => pid === undefined || record.pid === pid)
      await Promise.all(listed.flatMap(({ keys }) => keys?.counted() ?? []))
      const processes = listed.map((entry) => (pid === undefined ? told(entry) : toldWhole(entry)))
      await answer({ processes, methods: SYS_METHODS })
    },
    async keys({ head, scope, answer }) {
      const { limit, after } = head as KeyListOptions
      await answer(await table.keys(scope.target(head).record.pid, { limit, after }))
    },
    async kill({ head, scope, answer }) {
      const { record } = scope.target(head)
      const pid = scope.targetPid(head)
      // A process that ends one of its family does not end with it.
      if (scope.process && record.parent !== undefined) table.links.unlink(record.parent, record.pid)
      // A process that ends one of its family has decided, and an instance of a key does not come back.
      if (scope.process || pid !== record.pid) {
        await table.kill(pid)
        await reminders.removeAll(pid)
        return answer({ name: record.name })
      }
      const killed = await table.kill(pid, true)
      const undo = undoOf.get(killed) ?? undos.add({ bytes: bytesOf(killed), undo: () => table.undoKill(killed) })
      undoOf.set(killed, undo)
      await answer({ name: record.name, undo, isWhole: killed.isHidden === true })
    },
    async restart({ head, scope, signal, answer }) {
      await table.restart(scope.targetPid(head), signal)
      await answer({})
    },
    async swap({ head, body, scope, signal, answer }) {
      const pid = scope.targetPid(head)
      const module = await body(maxBodyBytes)
      const { undo } = await table.swap(pid, module, { signal })
      const after = table.find(pid)
      await answer({
        methods: after?.methods,
        undo: undo && !scope.process ? undos.add({ undo }) : undefined,
        persisted: isKept(pid),
      })
    },
    async undo({ head, scope, answer }) {
      if (scope.process) throw new GliaError('ERR_DENIED', 'A process cannot undo what was done: its owner can.')
      const id = head['undo']
      if (typeof id !== 'string') throw bad('undo: give the id that the reply to the kill or the swap had.')
      await undos.undo(id)
      await answer({})
    },
    async policy({ head, scope, answer }) {
      const given = head['policy']
      if (!isRecord(given)) throw bad('policy: give an object.')
      await answer({ ...(await table.setPolicy(scope.targetPid(head), given)) })
    },
    async checkpoint({ head, scope, signal, answer }) {
      await table.checkpoint(scope.targetPid(head), signal)
      await answer({})
    },
    async snapshot({ head, scope, signal, give }) {
      const id = head['id'] === undefined ? undefined : snapshotId(head)
      await give(await table.snapshot(scope.targetPid(head), signal, id))
    },
    async snapshots({ head, scope, answer }) {
      await answer({ snapshots: await table.snapshots(scope.targetPid(head)) })
    },
    async rewind({ head, scope, signal, answer }) {
      await table.rewind(scope.targetPid(head), snapshotId(head), signal)
      await answer({})
    },
    async export({ head, scope, give }) {
      const pid = scope.targetPid(head)
      const files = await table.files.export(pid)
      await give(await withReminders(files, filed(reminders.of(pid))))
    },
    async import({ head, body, scope, signal, answer }) {
      const pid = scope.targetPid(head)
      const archive = new Blob([await body(maxBodyBytes)])
      const given = await remindersOf(archive)
      // Before anything is changed.
      reminders.checkGiven(pid, given)
      await table.files.import(pid, archive, signal)
      await reminders.give(pid, given)
      await answer({ reminders: given.length })
    },
    async files({ head, scope, answer }) {
      await answer(await table.files.list(scope.targetPid(head)))
    },
    async read({ head, scope, give }) {
      await give(await table.files.read(scope.targetPid(head), pathIn(head)))
    },
    async remove({ head, scope, signal, answer }) {
      await table.files.remove(scope.targetPid(head), pathIn(head), signal)
      await answer({})
    },
    async module({ head, scope, give }) {
      await give(await table.moduleOf(scope.target(head).record.pid))
    },
    async provide({ head, scope, answer }) {
      const { record } = scope.target(head)
      await table.setPolicy(record.pid, { shareModule: true })
      await answer({ cid: record.cid })
    },
    async remind({ head, body, scope, signal, answer }) {
      const pid = scope.reminded(head)
      const bytes = await body(Math.min(maxBodyBytes, MAX_REMINDER_BYTES))
      // The instance of a key that was killed meanwhile must not come back.
      signal.throwIfAborted()
      const { id, dueAt } = await reminders.add(pid, head, bytes, scope.strangers)
      await answer({ id, due: new Date(dueAt).toISOString() })
    },
    async reminders({ head, scope, answer }) {
      const planned = reminders.of(scope.reminded(head)).map(({ id, method, dueAt, again }) => {
        return { id, method, due: new Date(dueAt).toISOString(), ...again }
      })
      await answer({ reminders: planned })
    },
    async forget({ head, scope, answer }) {
      await reminders.remove(scope.reminded(head), head['id'])
      await answer({})
    },
    async logs({ head, scope, answer }) {
      const { log } = scope.target(head)
      const { from, next } = head
      if (next !== undefined && !Number.isSafeInteger(next)) throw bad('next: give the number that the last reply had.')
      const numbered = linesSince(log, Number(next))
      const since = typeof from === 'number' ? from : -Infinity
      await answer({ ...(numbered ?? { lines: log.lines.filter(({ at }) => at >= since) }), next: log.next })
    },
  }
  const run =
    (name: SysMethod, method: (order: Order) => Promise<void>) =>
    async (message: Message): Promise<void> => {
      const request = await readRequest(message)
      const { token, ...head } = request.head
      const scope = Scope.of(message, name, token, table, managers)
      const answer = (value: object): Promise<void> => writeLine(message, value)
      const give = async (file: Blob): Promise<void> => {
        await answer({ bytes: file.size })
        await message.write(new Uint8Array(await file.arrayBuffer()))
      }
      // A process sends no larger messages here than it takes itself.
      const most = scope.process?.record.policy.maxMessageBytes ?? Infinity
      const body: Request['body'] = (maxBytes) => request.body(Math.min(maxBytes, most))
      await method({ head, body, scope, signal: message.signal, answer, give })
    }
  /** The caller may be told of an end before the method has ended. */
  const tracked =
    (work: (message: Message) => Promise<void>) =>
    (message: Message): Promise<void> => {
      const done = work(message).finally(() => running.delete(done))
      running.add(done)
      return done
    }
  const entries = Object.entries(methods) as [SysMethod, (order: Order) => Promise<void>][]
  return actorOf(Object.fromEntries(entries.map(([name, method]) => [name, tracked(run(name, method))])))
}

/** A process, as `list` tells it. */
function told({ record, proc, state, keys, isKept }: ProcessEntry): object {
  const { pid, name, cid, moduleBytes, methods, root, createdAt, policy, restart, parent } = record
  const why = proc.death
  return {
    pid,
    name,
    state,
    ...(why !== undefined && { why }),
    root,
    ...(parent !== undefined && { parent }),
    cid,
    moduleBytes,
    methods,
    memoryBytes: proc.memoryBytes,
    queued: proc.waiting,
    messages: proc.messages,
    p50Ms: proc.p50Ms,
    backoffUntil: proc.backoffUntil,
    ...(keys && { keys: keys.count }),
    createdAt,
    policy,
    restart,
    persisted: isKept,
  }
}

/** What `list` tells of a process besides, if it is asked for this one alone. */
function toldWhole(entry: ProcessEntry): object {
  const { record, lastError } = entry
  const { description, args, env, exits } = record
  const last = lastError && { code: lastError.error.code, message: lastError.error.message, at: lastError.at }
  return { ...told(entry), description, args, env, exits, lastError: last }
}

/** The memory that a killed process with its family holds as long as it can come back, in bytes. */
function bytesOf({ files = [], modules, children }: KilledProcess): number {
  let bytes = 0
  for (const file of files) if (file.kind === 'file') bytes += file.bytes.length
  for (const { size } of modules.values()) bytes += size
  return children.reduce((sum, child) => sum + bytesOf(child), bytes)
}

/**
 * The head of `spawn` and `restore`: the options of `glia.spawn`. They are checked where they are used.
 * A process also says how it is tied to its child.
 */
function birthOf(
  head: Request['head'],
  { process }: Scope,
  defaults: GivenPolicy,
): { options: SpawnOptions; steps: Pick<SpawnSteps, 'birth'> } {
  const given: SpawnOptions & { link?: unknown; watch?: unknown } = head
  if (!process) return { options: { ...given, policy: withDefaults(given.policy, defaults) }, steps: {} }
  // Neither one can be linked to an instance of many.
  const hasKeys = process.keys !== undefined || given.key === true
  const { link = !hasKeys, watch, ...options } = given
  if (hasKeys && link === true) {
    throw bad('spawn, link: a process with an instance for each key cannot be linked.')
  }
  if (process.keys && watch !== undefined) {
    throw bad('spawn, watch: a process with an instance for each key cannot watch others.')
  }
  if (typeof link !== 'boolean') throw bad('spawn, link: give true or false.')
  if (watch !== undefined && typeof watch !== 'string') {
    throw bad('spawn, watch: give the name of a method.')
  }
  return {
    options: { ...options, policy: withDefaults(options.policy, defaults) },
    steps: { birth: { parent: process.record.pid, link, watch } },
  }
}

/** @throws {GliaError} ERR_BAD_REQUEST */
function withDefaults(given: unknown, defaults: GivenPolicy): GivenPolicy {
  if (given === undefined) return defaults
  // A spread of anything else would be an empty policy, which is open to anyone.
  if (isRecord(given)) return { ...defaults, ...given }
  throw bad('spawn, policy: give an object.')
}

function snapshotId({ id }: Request['head']): number {
  if (Number.isSafeInteger(id)) return Number(id)
  throw bad('id: give the number of a snapshot.')
}

function pathIn({ path }: Request['head']): string {
  if (typeof path === 'string') return path
  throw bad('path: give the path of a file below /data.')
}

function bad(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', why)
}
