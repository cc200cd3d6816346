import { GliaError } from '../../glia/errors.ts'
import { instancePid, keyIn, processOf, readKey } from '../../glia/instance-key.ts'
import type { Pid } from '../../glia/pid.ts'
import type { Message } from '../../glia/process/actor.ts'
import { descendantsOf } from '../table/lineage.ts'
import type { ProcessEntry } from '../table/process-entry.ts'
import type { ProcessTable } from '../table/process-table.ts'
import type { SysMethod } from './sys-proc.ts'

/** Who may manage all processes of a peer. A page of this browser, the owner of a host, peers that these name. */
export interface Managers {
  /** @param token What the sender gave to show that it may. @throws {GliaError} ERR_DENIED that says what to do */
  check(message: Pick<Message, 'caller' | 'context'>, token: unknown): void
}

/** What every process may do for itself. */
const OWN: ReadonlySet<SysMethod> = new Set(['remind', 'reminders', 'forget'])

/** A process that sends a message with its own rights. */
interface Sender {
  readonly process: ProcessEntry
  readonly pid: string
  readonly strangers: readonly string[]
}

/** The processes that the sender of a message may manage. */
export class Scope {
  readonly #table: ProcessTable
  /** The sender, if it is a process here and has no more rights than that. */
  readonly process: ProcessEntry | undefined
  /** The peers for which that process sends the message. */
  readonly strangers: readonly string[]
  readonly #mayOnlyItself: boolean
  /** The PID of the sender: that of the process, or of its instance of a key. */
  readonly #sender: string | undefined

  private constructor(table: ProcessTable, sender?: Sender, mayOnlyItself = false) {
    this.#table = table
    this.process = sender?.process
    this.strangers = sender?.strangers ?? []
    this.#sender = sender?.pid
    this.#mayOnlyItself = mayOnlyItself
  }

  /**
   * The scope of a message.
   * @throws {GliaError} ERR_DENIED if its sender may not send this message to any process
   */
  static of(message: Message, method: SysMethod, token: unknown, table: ProcessTable, managers: Managers): Scope {
    const { caller = '' } = message
    const process = table.entryOf(processOf(caller))
    if (!process || token !== undefined) {
      managers.check(message, token)
      return new Scope(table)
    }
    const isDenied = whyDenied(process, message, managers)
    const sender = { process, pid: caller, strangers: message.context.onBehalfOf }
    if (!isDenied) return new Scope(table, sender)
    if (OWN.has(method)) return new Scope(table, sender, true)
    throw isDenied
  }

  /** All of them. */
  get processes(): ProcessEntry[] {
    if (!this.process) return this.#table.entries
    return this.#mayOnlyItself ? [] : descendantsOf(this.process.record.pid, this.#table.entries)
  }

  /**
   * The process that a head names, also by one of its keys.
   * @throws {GliaError} ERR_BAD_REQUEST if it names none; ERR_NO_PROC; ERR_DENIED if it is no child of the sender.
   */
  target(head: Readonly<Record<string, unknown>>): ProcessEntry {
    const { pid } = head
    if (typeof pid !== 'string') throw new GliaError('ERR_BAD_REQUEST', 'pid: give the PID of the process.')
    const found = this.#table.entryOf(processOf(pid))
    if (!found) throw new GliaError('ERR_NO_PROC', `This peer has no process ${pid}.`)
    if (this.processes.includes(found)) return found
    throw new GliaError('ERR_DENIED', `A process manages only those that it has spawned, and ${pid} is none of them.`)
  }

  /** The PID of the process, or of the instance of a key, that a head names. @throws like {@link target} */
  targetPid(head: Readonly<Record<string, unknown>>): Pid {
    const { pid } = this.target(head).record
    const key = keyIn(String(head['pid']))
    return key === undefined ? pid : instancePid(pid, readKey(key))
  }

  /** For whom a reminder is: the sender itself, if the head names no other. @throws like {@link target} */
  reminded(head: Readonly<Record<string, unknown>>): string {
    const { pid = this.#sender } = head
    if (pid !== undefined && pid === this.#sender) return this.#sender
    const { record, keys } = this.target(head)
    const wanted = this.targetPid(head)
    if ((keys !== undefined) === (keyIn(wanted) !== undefined)) return wanted
    const why = keys ? 'has an instance for each key: say which, as {pid}:{key}' : 'has no keys: leave the key out'
    throw new GliaError('ERR_BAD_REQUEST', `pid: ${record.name} ${why}.`)
  }
}

/** Why a process may manage none. Undefined: it may manage those that it has spawned. */
function whyDenied({ record }: ProcessEntry, message: Message, managers: Managers): GliaError | undefined {
  if (!record.policy.spawn) {
    return new GliaError(
      'ERR_DENIED',
      `The policy of ${record.name} does not let it make and manage processes (policy.spawn).`,
    )
  }
  const { onBehalfOf, chain } = message.context
  try {
    // The message that it handles, as if that had come here.
    if (onBehalfOf.length > 0) managers.check({ context: { ...message.context, chain: chain.slice(1) } }, undefined)
    return undefined
  } catch {
    return new GliaError(
      'ERR_DENIED',
      `${record.name} handles a message of another peer, which may not make and manage processes here. With policy.call 'owner' it may, whoever sends it a message.`,
    )
  }
}
