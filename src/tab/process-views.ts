import type { ProcessEntry } from '../actors/table/process-entry.ts'
import type { Watch } from '../glia/process/links.ts'
import type { ProcessView, TieView } from '../ui/model.ts'
import { isSame } from './keep-same.ts'

/**
 * The processes as the page shows them. What is equal to what was shown before stays the same object, so that a change
 * of one among a thousand renders one row.
 */
export function processViews(entries: readonly ProcessEntry[], before: readonly ProcessView[]): readonly ProcessView[] {
  const known = new Map(before.map((view) => [view.pid, view]))
  const ties = new Ties(entries)
  const views = entries.map((entry) => {
    const view = viewOf(entry, ties)
    const old = known.get(view.pid)
    return old && isSame(old, view) ? old : view
  })
  const isUnchanged = views.length === before.length && views.every((view, i) => view === before[i])
  return isUnchanged ? before : views
}

function viewOf({ record, proc, state, keys, lastError, persisted }: ProcessEntry, ties: Ties): ProcessView {
  return {
    pid: record.pid,
    name: record.name,
    root: record.root,
    cid: record.cid,
    methods: record.methods,
    state,
    messages: proc.messages,
    waiting: proc.waiting,
    p50Ms: proc.p50Ms,
    memoryBytes: proc.memoryBytes,
    hasKeys: proc.hasKeys,
    keys: keys?.count,
    moduleBytes: record.moduleBytes,
    description: record.description,
    args: record.args,
    env: record.env,
    policy: record.policy,
    restart: record.restart,
    backoffUntil: proc.backoffUntil,
    death: record.dead,
    exits: record.exits ?? [],
    ties: ties.of(record),
    lastError: lastError && { code: lastError.error.code, message: lastError.error.message, at: lastError.at },
    persisted,
  }
}

/** Watches and links of all processes. */
class Ties {
  readonly #names: ReadonlyMap<string, string>
  readonly #watchesOf = new Map<string, Watch[]>()

  constructor(entries: readonly ProcessEntry[]) {
    this.#names = new Map(entries.map(({ record }) => [record.pid, record.name]))
    for (const watch of entries.flatMap(({ record }) => record.watches ?? [])) {
      // Another peer may have a process with the same PID.
      if (watch.host !== undefined) continue
      const known = this.#watchesOf.get(watch.watched)
      if (known) known.push(watch)
      else this.#watchesOf.set(watch.watched, [watch])
    }
  }

  of({ pid, watches = [], links = [] }: ProcessEntry['record']): TieView[] {
    return [
      ...watches.map(({ watched, host, method }) => ({
        pid: watched,
        name: host === undefined ? this.#nameOf(watched) : watched,
        host,
        kind: 'watched' as const,
        method,
      })),
      ...(this.#watchesOf.get(pid) ?? []).map(({ watcher, method }) => ({
        pid: watcher,
        name: this.#nameOf(watcher),
        kind: 'watcher' as const,
        method,
      })),
      ...links.map((other) => ({ pid: other, name: this.#nameOf(other), kind: 'linked' as const })),
    ]
  }

  #nameOf(pid: string): string {
    return this.#names.get(pid) ?? pid
  }
}
