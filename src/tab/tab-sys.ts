import { LoadedOnce } from '../glia/loaded-once.ts'
import type { Sys } from '../actors/sys/start-sys.ts'
import type { Managers } from '../actors/sys/scope.ts'
import { SysProc } from '../actors/sys/sys-proc.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { ProcessStore } from '../actors/table/process-store.ts'
import { GliaError } from '../glia/errors.ts'
import type { Logger } from '../glia/log.ts'
import type { Router } from '../glia/router.ts'
import type { People } from './people.ts'

/** Largest module, snapshot or archive, either way, in bytes. The page has it in memory. */
const MAX_BODY_BYTES = 256 * 1024 * 1024

export interface TabSysInit {
  peerId: string
  slot: number
  table: ProcessTable
  store: ProcessStore | undefined
  people: Pick<People, 'view'>
  log: Logger
  router(): Router
  /** Resolves when the kept processes are back. */
  restored: Promise<void>
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
}

/**
 * The system process of this tab. Its code is loaded with the first message to it, or if a process has a reminder. The
 * pages of this browser may manage all processes of the tab, and so may the peers that its person has named.
 */
export function createTabSys(init: TabSysInit): SysProc {
  const { restored, store, slot, people, log, alive } = init
  let made: Sys | undefined
  const started = new LoadedOnce(async (): Promise<Sys> => {
    await restored
    made = await startSys(init)
    if (alive.aborted) made.stop()
    return made
  })
  const sys = new SysProc({
    ...init,
    callers: 'browser',
    maxBodyBytes: MAX_BODY_BYTES,
    load: async () => (await started.get()).actor(),
    settled: async () => made?.settled(),
  })
  people.view.subscribe(({ managers = [] }) => (sys.callers = managers.length > 0 ? managers : 'browser'))
  restored
    .then(async () => (await store?.reminders(slot))?.length)
    .then(async (count) => count && started.get())
    .catch((thrown: unknown) => log.warn('reminders do not come:', thrown))
  // At once: a reminder that the end of its process cuts off is kept.
  alive.addEventListener('abort', () => made?.stop(), { once: true })
  return sys
}

async function startSys(init: TabSysInit): Promise<Sys> {
  const made = await import('../actors/sys/start-sys.ts')
  return made.startSys({ ...init, managers, maxBodyBytes: MAX_BODY_BYTES, defaults: {}, ready: Promise.resolve() })
}

/** Its policy lets pages and named peers in. What is left are the processes for which they may call. */
const managers: Managers = {
  check({ caller, context: { chain, onBehalfOf } }) {
    // The last of the chain is the system process. Another one before it is a process of another tab or peer, or of a
    // person who let it call others, which is no right to manage.
    const isOfPerson = chain.length <= 1 && (caller === 'browser' || onBehalfOf.length > 0)
    if (isOfPerson) return
    throw new GliaError(
      'ERR_DENIED',
      'A process of another tab or peer may not manage processes here. Its person may, and processes of this tab with policy.spawn.',
    )
  },
}
