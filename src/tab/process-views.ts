import type { ProcessEntry } from '../actors/table/process-entry.ts'
import type { Watch } from '../glia/process/links.ts'
import type { ProcessView, TieView } from '../ui/model.ts'
import { isSame } from './keep-same.ts'

/** A process as it was shown last, and what that was made of. */
interface Shown {
  readonly record: ProcessEntry['record']
  readonly lastError: ProcessEntry['lastError']
  readonly view: ProcessView
}

/**
 * The processes as the page shows them. A view that would be equal stays the same object, so that a call of one process
 * among a thousand makes one view, and renders one row.
 */
export class ProcessViews {
  #shown: readonly Shown[] = []
  #views: readonly ProcessView[] = []

  /** The views of the processes as they are now. The same array if nothing has changed that is shown. */
  of(entries: readonly ProcessEntry[]): readonly ProcessView[] {
    const shown = this.#areSameRecords(entries) ? this.#withLive(entries) : this.#anew(entries)
    this.#shown = shown
    const isUnchanged = shown.length === this.#views.length && shown.every(({ view }, i) => view === this.#views[i])
    if (!isUnchanged) this.#views = shown.map(({ view }) => view)
    return this.#views
  }

  /** Records tell of watches and links, and so of other processes. They change rarely. */
  #areSameRecords(entries: readonly ProcessEntry[]): boolean {
    return entries.length === this.#shown.length && entries.every(({ record }, i) => record === this.#shown[i]?.record)
  }

  /** Only what calls change has to be looked at. */
  #withLive(entries: readonly ProcessEntry[]): readonly Shown[] {
    return this.#shown.map((shown, i) => {
      const entry = entries[i]
      if (!entry || isAsShown(entry, shown)) return shown
      return { ...shown, lastError: entry.lastError, view: { ...shown.view, ...liveOf(entry) } }
    })
  }

  #anew(entries: readonly ProcessEntry[]): readonly Shown[] {
    const known = new Map(this.#shown.map((shown) => [shown.view.pid, shown.view]))
    const ties = new Ties(entries)
    return entries.map((entry) => {
      const view = viewOf(entry, ties)
      const old = known.get(view.pid)
      return { record: entry.record, lastError: entry.lastError, view: old && isSame(old, view) ? old : view }
    })
  }
}

/** What a process shows that is not in its record. */
type Live = Pick<
  ProcessView,
  | 'state'
  | 'messages'
  | 'waiting'
  | 'p50Ms'
  | 'memoryBytes'
  | 'hasKeys'
  | 'keys'
  | 'backoffUntil'
  | 'lastError'
  | 'persisted'
>

function liveOf({ proc, state, keys, lastError, persisted }: ProcessEntry): Live {
  return {
    state,
    messages: proc.messages,
    waiting: proc.waiting,
    p50Ms: proc.p50Ms,
    memoryBytes: proc.memoryBytes,
    hasKeys: proc.hasKeys,
    keys: keys?.count,
    backoffUntil: proc.backoffUntil,
    lastError: lastError && { code: lastError.error.code, message: lastError.error.message, at: lastError.at },
    persisted,
  }
}

/** The same fields as {@link liveOf}, without making an object for each of a thousand processes. */
function isAsShown({ proc, state, keys, lastError, persisted }: ProcessEntry, { view, ...shown }: Shown): boolean {
  return (
    state === view.state &&
    proc.messages === view.messages &&
    proc.waiting === view.waiting &&
    proc.p50Ms === view.p50Ms &&
    proc.memoryBytes === view.memoryBytes &&
    proc.hasKeys === view.hasKeys &&
    keys?.count === view.keys &&
    proc.backoffUntil === view.backoffUntil &&
    lastError === shown.lastError &&
    persisted === view.persisted
  )
}

function viewOf(entry: ProcessEntry, ties: Ties): ProcessView {
  const { record } = entry
  return {
    pid: record.pid,
    name: record.name,
    root: record.root,
    cid: record.cid,
    methods: record.methods,
    moduleBytes: record.moduleBytes,
    description: record.description,
    args: record.args,
    env: record.env,
    policy: record.policy,
    restart: record.restart,
    death: record.dead,
    exits: record.exits ?? [],
    ties: ties.of(record),
    ...liveOf(entry),
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
