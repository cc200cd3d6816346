import { parseAddress, PROTOCOL } from '../../glia/address.ts'
import { NO_CONTEXT } from '../../glia/call-context.ts'
import type { Logger } from '../../glia/log.ts'
import type { Actor } from '../../glia/process/actor.ts'
import type { Router } from '../../glia/router.ts'
import { post } from '../../glia/stream/post.ts'
import type { ReminderStore } from '../table/reminder.ts'
import { Reminders } from './reminders.ts'
import { sysActor, type SysInit } from './sys.ts'
import { Undos } from './undos.ts'

export interface StartSysInit extends Omit<SysInit, 'reminders' | 'undos'> {
  readonly peerId: string
  readonly slot: number
  /** Undefined: reminders end with the peer. */
  readonly store: ReminderStore | undefined
  readonly log: Logger
  router(): Router
}

/** What the system process of a peer runs on. */
export interface Sys {
  /** Runs its methods. */
  actor(): Actor
  /** Delivers no more reminders, and undoes nothing any more. */
  stop(): void
}

/** Starts the system process: its reminders come from now on. @throws {GliaError} ERR_STORAGE */
export async function startSys(init: StartSysInit): Promise<Sys> {
  const { peerId, table, router } = init
  const reminders = new Reminders({
    ...init,
    has: (pid) => table.get(pid) !== undefined,
    deliver: async ({ pid, method, onBehalfOf = [] }, message) => {
      // As from the process itself: it may always call itself.
      const address = parseAddress(`${PROTOCOL}/${peerId}/${pid}/${method}`)
      const context = { ...NO_CONTEXT, onBehalfOf }
      await post(router().open(address, { caller: pid, context, expectedBytes: message.length }), message)
    },
  })
  table.reminded = {
    keyKilled: (pid) => reminders.removeAll(pid),
    cameBack: (pid) => reminders.keepAgain(pid),
  }
  await reminders.start()
  const undos = new Undos()
  return {
    actor: () => sysActor({ ...init, reminders, undos }),
    stop: () => {
      reminders.stop()
      undos.stop()
    },
  }
}
