import type { Exit } from '../../glia/process/exit.ts'
import { isOver } from '../../glia/process/supervisor.ts'
import type { ActorStarter } from './actor-starter.ts'
import type { FamilyQuotas } from './family-quotas.ts'
import type { KeyedEntries } from './keyed-entries.ts'
import { ProcessEntry } from './process-entry.ts'
import type { ProcessKeeper } from './process-keeper.ts'
import type { ProcessLinks } from './process-links.ts'
import type { ProcessRegistry } from './process-registry.ts'
import type { ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'
import type { Reminded } from './reminder.ts'

export interface EntryMakerInit {
  /** Undefined: nothing is kept. */
  store: ProcessStore | undefined
  registry: ProcessRegistry
  keeper: ProcessKeeper
  starter: ActorStarter
  links: ProcessLinks
  quotas(): Promise<FamilyQuotas>
  /** Told of processes that live again. Undefined: nobody has reminders. */
  reminded(): Reminded | undefined
  /** Called when something has changed that a view shows. */
  changed(): void
}

/** Puts processes into the registry, and decides what follows when one of their instances ends. */
export class EntryMaker {
  readonly #init: EntryMakerInit
  /** Loaded when there is a process with keys. */
  #keyedEntries: typeof KeyedEntries | undefined

  constructor(init: EntryMakerInit) {
    this.#init = init
  }

  /** Before a process with keys is added. */
  async loadKeys(): Promise<void> {
    this.#keyedEntries ??= (await import('./keyed-entries.ts')).KeyedEntries
  }

  add(record: ProcessRecord): ProcessEntry {
    const { store, registry, keeper, starter, quotas, reminded, changed } = this.#init
    const entry: ProcessEntry = new ProcessEntry(record, {
      store,
      spec: (made) => starter.spec(made, made.record),
      changed,
      keys: (whole) =>
        this.#keyedEntries &&
        new this.#keyedEntries({
          whole,
          make: (...given) => new ProcessEntry(...given),
          store,
          spec: (made) => starter.spec(made, whole.record),
          changed,
          beforeKey: async () => (record.parent === undefined ? undefined : (await quotas()).beforeKey(whole)),
          // The instance comes back, or the next message of its key says why not.
          exited: (exit, counts) => this.#keyEnded(entry, { ...exit, final: false }, counts),
        }),
      exited: (...ended) => this.#exited(...ended),
      revives: async (revived) => {
        // Kept again before it lives, so that it cannot end a second time meanwhile.
        await keeper.unretire(revived)
        await reminded()?.cameBack(revived.record.pid)
        revived.update({ dead: undefined })
        keeper.save(revived)
      },
    })
    registry.add(entry)
    changed()
    return entry
  }

  #exited(entry: ProcessEntry, exit: Exit, counts: boolean): void {
    const { keeper, links } = this.#init
    const { pid, restart } = entry.record
    if (exit.final && exit.reason.type !== 'killed' && isOver(restart.type, exit.reason)) keeper.retire(entry)
    else if (exit.reason.type !== 'killed') keeper.save(entry)
    links.ended(pid, exit, counts)
  }

  /** An instance of a process with keys has ended. */
  #keyEnded(entry: ProcessEntry, exit: Exit, counts: boolean): void {
    const { keeper, links } = this.#init
    // To watchers of other peers a kill would say that the process is gone.
    if (exit.reason.type !== 'killed') {
      entry.proc.ends.add(exit)
      entry.update({ exits: entry.proc.ends.list })
      keeper.save(entry)
    }
    links.ended(entry.record.pid, exit, counts)
  }
}
