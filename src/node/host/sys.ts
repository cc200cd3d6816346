import type { ProcessEntry } from '../../actors/table/process-entry.ts'
import type { ProcessTable } from '../../actors/table/process-table.ts'
import type { SpawnOptions } from '../../actors/table/spawn-options.ts'
import { GliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import { systemPid } from '../../glia/pid.ts'
import type { Message } from '../../glia/process/actor.ts'
import { createProc } from '../../glia/process/function-proc.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { readRequest, type Request, writeLine } from './head-line.ts'
import type { Owners } from './owner.ts'
import type { Reminders } from './reminders.ts'

export interface SysInit {
  readonly peerId: string
  readonly table: ProcessTable
  readonly owners: Owners
  readonly reminders: Reminders
  /** Largest module or snapshot, in bytes. */
  readonly maxBodyBytes: number
  readonly log: Logger
}

/** What a method of the system process gets. */
interface Order extends Request {
  /** Aborts when the caller gave up. */
  readonly signal: AbortSignal
  answer(head: object): Promise<void>
  /** A head with the length of a file, and then the file. */
  give(file: Blob): Promise<void>
}

/** What a process may do for itself, without being the owner. */
const OWN: ReadonlySet<string> = new Set(['remind', 'reminders', 'forget'])

/**
 * The system process of a peer, `sys`: a host is managed by messages. A message is one line of JSON and a body, the
 * reply likewise. See the README.
 */
export function createSys({ peerId, table, owners, reminders, maxBodyBytes, log: hostLog }: SysInit): Proc {
  const methods: Readonly<Record<string, (order: Order) => Promise<void>>> = {
    async spawn({ head, body, signal, answer }) {
      const pid = await table.spawn(await body(maxBodyBytes), livingOn(head), { signal })
      await answer({ pid, methods: table.get(pid)?.methods })
    },
    async restore({ head, body, signal, answer }) {
      const pid = await table.spawnFrom(new Blob([await body(maxBodyBytes)]), livingOn(head), { signal })
      await answer({ pid, methods: table.get(pid)?.methods })
    },
    async list({ answer }) {
      await answer({ processes: table.entries.map(told) })
    },
    async kill({ head, answer }) {
      const { record } = await table.kill(pidOf(head))
      await reminders.removeAll(record.pid)
      await answer({ name: record.name })
    },
    async restart({ head, signal, answer }) {
      await table.restart(pidOf(head), signal)
      await answer({})
    },
    async swap({ head, body, signal, answer }) {
      const pid = pidOf(head)
      await table.swap(pid, await body(maxBodyBytes), { signal })
      await answer({ methods: table.get(pid)?.methods })
    },
    async policy({ head, answer }) {
      const given = head['policy']
      if (typeof given !== 'object' || given === null) throw new GliaError('ERR_BAD_REQUEST', 'policy: give an object.')
      await answer({ ...(await table.setPolicy(pidOf(head), given)) })
    },
    async checkpoint({ head, signal, answer }) {
      await table.checkpoint(pidOf(head), signal)
      await answer({})
    },
    async snapshot({ head, signal, give }) {
      await give(await table.snapshot(pidOf(head), signal))
    },
    async export({ head, give }) {
      await give(await table.exportFiles(pidOf(head)))
    },
    async import({ head, body, signal, answer }) {
      await table.importFiles(pidOf(head), new Blob([await body(maxBodyBytes)]), signal)
      await answer({})
    },
    async remind({ head, body, answer }) {
      const pid = entryOf(head).record.pid
      const { id, dueAt } = await reminders.add(pid, head, await body(maxBodyBytes))
      await answer({ id, due: new Date(dueAt).toISOString() })
    },
    async reminders({ head, answer }) {
      const planned = reminders.of(entryOf(head).record.pid).map(({ id, method, dueAt, again }) => {
        return { id, method, due: new Date(dueAt).toISOString(), ...again }
      })
      await answer({ reminders: planned })
    },
    async forget({ head, answer }) {
      await reminders.remove(entryOf(head).record.pid, head['id'])
      await answer({})
    },
    async logs({ head, answer }) {
      const { log } = entryOf(head)
      const from = typeof head['from'] === 'number' ? head['from'] : -Infinity
      await answer({ lines: log.lines.filter(({ at }) => at >= from) })
    },
  }
  const entryOf = (head: Request['head']): ProcessEntry => {
    const pid = pidOf(head)
    const entry = table.entries.find(({ record }) => record.pid === pid)
    if (entry) return entry
    throw new GliaError('ERR_NO_PROC', `This host has no process ${pid}.`)
  }
  /** The process of this host that sends the message; undefined: it comes from elsewhere. */
  const senderOf = ({ caller = '' }: Message): string | undefined => (table.get(caller) ? caller : undefined)
  const run =
    (name: string, method: (order: Order) => Promise<void>) =>
    async (message: Message): Promise<void> => {
      const request = await readRequest(message)
      const { token, ...given } = request.head
      const { body } = request
      const sender = OWN.has(name) ? senderOf(message) : undefined
      const rest = sender !== undefined && token === undefined ? { ...given, pid: sender } : given
      if (rest === given) owners.check(token, message.context.onBehalfOf)
      const answer = (value: object): Promise<void> => writeLine(message, value)
      const give = async (file: Blob): Promise<void> => {
        await answer({ bytes: file.size })
        await message.write(new Uint8Array(await file.arrayBuffer()))
      }
      await method({ head: rest, body, signal: message.signal, answer, give })
    }
  return createProc({
    pid: systemPid(peerId),
    name: 'sys',
    methods: Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, run(name, method)])),
    // Who may do what is decided by the owner's token. A spawn may take as long as its module takes to compile.
    policy: { callers: 'anyone', deadlineMs: 120_000, maxMessageBytes: maxBodyBytes, maxReplyBytes: maxBodyBytes },
    log: hostLog,
  })
}

/** A process, as `list` tells it. */
function told({ record, proc }: ProcessEntry): object {
  const { pid, name, cid, moduleBytes, methods, root, createdAt, policy } = record
  const { state } = proc
  const why = proc.death
  return {
    pid,
    name,
    state,
    ...(why !== undefined && { why }),
    root,
    cid,
    moduleBytes,
    methods,
    memoryBytes: proc.memoryBytes,
    queued: proc.waiting,
    createdAt,
    policy,
  }
}

/**
 * The head of `spawn` and `restore`: the options of `glia.spawn`, without files. They are checked where they are used.
 * What such an actor has in memory is kept if nothing else is said.
 */
function livingOn(head: Request['head']): SpawnOptions {
  const options: SpawnOptions = head
  return { ...options, policy: { memory: 'durable', ...options.policy } }
}

function pidOf({ pid }: Request['head']): string {
  if (typeof pid === 'string') return pid
  throw new GliaError('ERR_BAD_REQUEST', 'pid: give the PID of the process.')
}
