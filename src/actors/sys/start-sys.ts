import { parseAddress, PROTOCOL } from '../../glia/address.ts'
import { NO_CONTEXT } from '../../glia/call-context.ts'
import { type ErrorCode, GliaError } from '../../glia/errors.ts'
import { keyIn, processOf } from '../../glia/instance-key.ts'
import type { Logger } from '../../glia/log.ts'
import type { Actor } from '../../glia/process/actor.ts'
import type { Router } from '../../glia/router.ts'
import { post } from '../../glia/stream/post.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { ReminderStore } from '../table/reminder.ts'
import { type Delivery, Reminders } from './reminders.ts'
import { sysActor, type SysInit } from './sys.ts'
import { Undos } from './undos.ts'

/** Time that messages have to undo what they have begun when the peer stops, in ms. */
const MAX_END_MS = 2000
/** Failures before the guest has the message, also if its run has begun. */
const BEFORE_THE_GUEST: ReadonlySet<ErrorCode> = new Set(['ERR_MAILBOX_FULL', 'ERR_LIVE_LIMIT', 'ERR_START'])

export interface StartSysInit extends Omit<SysInit, 'reminders' | 'running' | 'undos'> {
  readonly peerId: string
  readonly slot: number
  /** Undefined: reminders end with the peer. */
  readonly store: ReminderStore | undefined
  readonly log: Logger
  router(): Router
  /** Resolves when processes may be called, and may call others: reminders come from then on. Never rejects. */
  readonly ready: Promise<unknown>
}

/** What the system process of a peer runs on. */
export interface Sys {
  /** Runs its methods. */
  actor(): Actor
  /** Begins to deliver no reminder any more, and undoes nothing any more. */
  stop(): void
  /** Resolves when no message is handled, and no reminder delivered, and what follows from the last ones is kept, or after a limit. Never rejects. */
  settled(): Promise<void>
}

/** Starts the system process. @throws {GliaError} ERR_STORAGE */
export async function startSys(init: StartSysInit): Promise<Sys> {
  const { peerId, table, router } = init
  const running = new Set<Promise<void>>()
  const reminders = new Reminders({
    ...init,
    find: (pid) => table.get(pid),
    note: (pid, line) => {
      const key = keyIn(pid)
      table.entryOf(processOf(pid))?.log.add('process', key === undefined ? line : `[${key}] ${line}`)
    },
    deliver: async ({ pid, method, onBehalfOf = [] }, message): Promise<Delivery> => {
      const dead = table.get(pid)?.death
      if (dead !== undefined) return { ran: false, error: new GliaError('ERR_PROC_STOPPED', dead) }
      let ran = false
      const began = (): void => void (ran = true)
      // As from the process itself: it may always call itself.
      const address = parseAddress(`${PROTOCOL}/${peerId}/${pid}/${method}`)
      const context = { ...NO_CONTEXT, onBehalfOf }
      const stream = router().open(address, { caller: pid, context, expectedBytes: message.length, began })
      const error = await post(stream, message)
      return { ran: ran && !(error && BEFORE_THE_GUEST.has(error.code)), error }
    },
  })
  table.reminded = {
    keyKilled: (pid) => reminders.removeAll(pid),
    cameBack: (pid) => reminders.keepAgain(pid),
  }
  await reminders.load()
  const undos = new Undos()
  void init.ready.then(() => reminders.begin())
  return {
    actor: () => sysActor({ ...init, reminders, undos, running }),
    stop: () => {
      reminders.stop()
      undos.stop()
    },
    async settled() {
      const late = AbortSignal.timeout(MAX_END_MS)
      const all = Promise.allSettled(running).then(() => reminders.settled())
      await orAborted(all, late).catch((thrown: unknown) => init.log.warn('sys was cut off:', thrown))
    },
  }
}
