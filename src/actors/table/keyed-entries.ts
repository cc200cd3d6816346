import { GliaError, toGliaError } from '../../glia/errors.ts'
import { instancePid, readKey } from '../../glia/instance-key.ts'
import type { ActorSpec } from '../../glia/process/actor.ts'
import type { Exit } from '../../glia/process/exit.ts'
import { type Instances, KeyedProc } from '../../glia/process/keyed-proc.ts'
import type { Policy } from '../../glia/process/policy.ts'
import type { Proc, ProcInit } from '../../glia/process/proc.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { type KeyList, type KeyListOptions, type ListedKey, MAX_LISTED_KEYS } from './key-list.ts'
import type { KilledProcess, ProcessEntry, ProcessEntryInit } from './process-entry.ts'
import type { KeyRecord, ProcessRecord } from './process-record.ts'
import type { ProcessStore } from './process-store.ts'
import { counted } from '../../glia/counted.ts'

export interface KeyedEntriesInit {
  /** The process. */
  whole: ProcessEntry
  /** Undefined: nothing is kept. */
  store: ProcessStore | undefined
  /** Makes the entry of an instance. */
  make(record: ProcessRecord, init: ProcessEntryInit): ProcessEntry
  /** How the actor of an instance is started, with the present module of the process. */
  spec(entry: ProcessEntry): ActorSpec
  /** Called when something has changed that a view shows. */
  changed(): void
  /**
   * Called before there is one more key. @returns what checks, without a pause, whether there may be; undefined: there
   * may. @throws {GliaError} ERR_STORAGE
   */
  beforeKey(): Promise<(() => void) | undefined>
  /** Called when an instance has ended. */
  exited(exit: Exit, counts: boolean): void
}

/** An instance in memory. */
interface Held {
  readonly key: string
  readonly opening: PromiseWithResolvers<ProcessEntry>
  /** Undefined while it is read from the store. */
  entry: ProcessEntry | undefined
  createdAt: number
  /** When its last message came, in ms since the epoch. */
  usedAt: number | undefined
  /** Those who do something with it now. */
  users: number
  /** Writes of its record. */
  writes: number
  /** Whether its key counts among those of the process. */
  isCounted: boolean
  /** Whether there was an instance. Otherwise the key is forgotten when nobody uses it. */
  isMade: boolean
}

/** Cold instances that are held, so that their next message need not read them. Each takes some KiB. */
const MAX_COLD = 16
/** Time after which an idle instance is hibernated, in ms. */
const IDLE_MS = 60_000
/** Time that an idle instance may stay beyond that, in ms. */
const LOOK_MS = 10_000

/**
 * The instances of a process that has one for each key. An instance is made with the first message of its key. It is
 * hibernated when it was idle for a minute, or when another one needs its place. Then it is in the store, and soon only
 * there: what is in memory does not grow with the keys.
 */
export class KeyedEntries implements Instances {
  readonly #init: KeyedEntriesInit
  readonly #held = new Map<string, Held>()
  /** Those that are cold, and in the store, the longest cold one first. */
  readonly #cold = new Set<Held>()
  /** Writes of records. None rejects. */
  readonly #writes = new Set<Promise<void>>()
  /** Killed instances that are being deleted. Their keys wait for that. None rejects. */
  readonly #leaving = new Map<string, Promise<unknown>>()
  /** Keys of a file that are being put into the store. */
  #filling: Promise<void> | undefined
  #count: number | undefined
  #counting: Promise<number> | undefined
  /** Whoever needs the number tries again. Nobody is told of the failure twice. */
  #countHasFailed = false
  #idleTimer: ReturnType<typeof setTimeout> | undefined
  /** Whether the store has refused the process, and so its keys. */
  #isUnkept = false
  #isClosed = false

  constructor(init: KeyedEntriesInit) {
    this.#init = init
  }

  /** Makes the `Proc` of the process. It is loaded with its instances. */
  proc(init: ProcInit): KeyedProc {
    return new KeyedProc({ ...init, instances: this })
  }

  /** How many keys there are; undefined until they are counted, which begins when somebody asks. */
  get count(): number | undefined {
    if (this.#count === undefined && !this.#countHasFailed) {
      void this.counted().catch((thrown: unknown) => {
        this.#countHasFailed = true
        this.#report(thrown)
      })
    }
    return this.#count
  }

  /** How many keys there are. @throws {GliaError} ERR_STORAGE */
  async counted(): Promise<number> {
    if (this.#count !== undefined) return this.#count
    this.#counting ??= this.#store?.countKeys(this.#pid) ?? Promise.resolve(0)
    try {
      const count = await this.#counting
      this.#count ??= count
      this.#init.changed()
      return this.#count
    } finally {
      this.#counting = undefined
    }
  }

  /**
   * Keys are put into the store: whoever calls one waits for that.
   * @param put Counts each of them before it puts it, which fails if there may be no more. @throws the failure of `put`
   */
  async fill(put: (countOne: () => Promise<void>) => Promise<void>): Promise<void> {
    const { signal } = new AbortController()
    this.#filling = put(() => this.#countOne(signal))
    try {
      await this.#filling
    } finally {
      this.#filling = undefined
    }
  }

  *all(): Iterable<Proc> {
    for (const entry of this.entries) yield entry.proc
  }

  get isOpening(): boolean {
    for (const { entry } of this.#held.values()) if (!entry) return true
    return false
  }

  /** The instances in memory. */
  get entries(): ProcessEntry[] {
    return [...this.#held.values()].flatMap(({ entry }) => entry ?? [])
  }

  async use<T>(key: string, work: (instance: Proc) => Promise<T>): Promise<T> {
    return this.#with(key, ({ proc }, held) => {
      held.usedAt = Date.now()
      return work(proc)
    })
  }

  /**
   * Does something with an instance that is there.
   * @throws {GliaError} ERR_NO_PROC; ERR_DEADLINE if it was not read from the store in time; the failure of the work.
   */
  async with<T>(given: string, work: (entry: ProcessEntry) => Promise<T>): Promise<T> {
    const key = readKey(given)
    const isKept = async (): Promise<boolean> => (await this.#store?.key(this.#pid, key)) !== undefined
    if (this.#held.has(key) || (await this.#inTime(key, isKept))) return this.#with(key, work)
    throw new GliaError('ERR_NO_PROC', `${this.#init.whole.record.name} has no instance for the key “${key}”.`)
  }

  /** Ends an instance, and forgets it with all that it has. @throws {GliaError} ERR_NO_PROC */
  async kill(given: string): Promise<KilledProcess> {
    const key = readKey(given)
    await this.counted()
    return this.with(key, async (entry) => {
      const held = this.#held.get(key)
      entry.proc.kill()
      // Others may have killed it at the same time.
      if (held?.entry === entry) this.#forget(held)
      const written = entry.memory.release()
      const deleted = this.#store?.deleteKey(this.#pid, key)
      // A late write of the old instance undoes itself. With the record of the next one it would stay.
      const gone = Promise.allSettled([written, deleted])
      this.#leaving.set(key, gone)
      await gone
      if (this.#leaving.get(key) === gone) this.#leaving.delete(key)
      await deleted
      this.#init.changed()
      const nothing = { module: undefined, modules: new Map(), files: undefined, watches: [], children: [] }
      return { ...nothing, record: entry.record, written }
    })
  }

  /** @throws {GliaError} ERR_BAD_REQUEST, ERR_BAD_ADDRESS, ERR_STORAGE */
  async page({ limit = 100, after }: KeyListOptions = {}): Promise<KeyList> {
    if (!(Number.isInteger(limit) && limit >= 0 && limit <= MAX_LISTED_KEYS)) {
      throw new GliaError('ERR_BAD_REQUEST', `limit: give a whole number from 0 to ${MAX_LISTED_KEYS}.`)
    }
    const from = after === undefined ? undefined : readKey(after)
    return { total: await this.counted(), keys: await this.list(limit, from) }
  }

  /** All keys, sorted, at most so many. @throws {GliaError} ERR_STORAGE */
  async list(limit: number, after?: string): Promise<ListedKey[]> {
    // For IndexedDB 0 is no limit.
    if (limit === 0) return []
    const kept = (await this.#store?.keys(this.#pid, limit, after)) ?? this.#sorted(after)
    return kept.slice(0, limit).map((record) => this.#listed(record))
  }

  /** All keys, sorted, read some at a time: all at once would take all memory at once. @throws {GliaError} ERR_STORAGE */
  async *each(): AsyncGenerator<ListedKey> {
    let some: ListedKey[]
    let after: string | undefined
    do {
      // oxlint-disable-next-line no-await-in-loop -- the next ones follow the last one
      some = await this.list(MAX_LISTED_KEYS, after)
      yield* some
      after = some.at(-1)?.key
    } while (some.length === MAX_LISTED_KEYS)
  }

  /** The policy of the process has changed. */
  setPolicy(policy: Policy): void {
    for (const entry of this.entries) entry.setPolicy(policy)
    if (this.#init.whole.record.policy.memory === 'durable' && policy.memory !== 'durable') {
      this.#store?.dropSnapshots(this.#pid).catch((thrown: unknown) => this.#report(thrown))
    }
  }

  /**
   * Starts a new version in the place of one instance that lives, before all others get it.
   * @throws {GliaError} the failure of the start: then that instance goes on.
   */
  async tryOut(spec: (live: ProcessEntry) => ActorSpec, signal?: AbortSignal): Promise<void> {
    const live = this.entries.find(({ proc }) => proc.isLive)
    await live?.proc.swap(spec(live), signal)
  }

  /**
   * Ends all instances, each between two messages. They begin anew, with the present module of the process and an empty
   * memory. Dead ones live again. @throws {GliaError} ERR_STORAGE
   */
  async renew(): Promise<void> {
    const { spec } = this.#init
    const { cid, moduleBytes, methods } = this.#init.whole.record
    const renewed = this.entries.map(async (entry) => {
      entry.update({ cid, moduleBytes, methods })
      await entry.proc.renew(spec(entry)).catch((thrown: unknown) => this.#report(thrown))
    })
    await Promise.all([...renewed, this.#store?.dropSnapshots(this.#pid)])
    this.#init.whole.log.add('process', 'All keys begin anew.')
  }

  /** The process is in the store. Now the keys go there that were made before. */
  kept(): void {
    this.#isUnkept = false
    for (const held of this.#held.values()) if (held.isMade && held.entry?.persisted === false) this.#keepSoon(held)
  }

  /** The store has refused the process. */
  notKept(): void {
    if (this.#init.whole.persisted) return
    this.#isUnkept = true
    for (const entry of this.entries) entry.notPut()
  }

  /** Resolves when the keys that were made until now are stored. */
  async written(): Promise<void> {
    await Promise.all(this.#writes)
  }

  /** The process ends or is forgotten. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#idleTimer)
    for (const held of this.#held.values()) {
      // One that was made while the others were being stored. Those that were killed or closed stay so.
      held.entry?.proc.close(new GliaError('ERR_PROC_STOPPED', 'The peer was stopped.'))
      this.#drop(held)
    }
  }

  get #pid(): ProcessEntry['record']['pid'] {
    return this.#init.whole.record.pid
  }

  /** Undefined: nothing of the process is kept. */
  get #store(): ProcessStore | undefined {
    return this.#init.whole.persisted ? this.#init.store : undefined
  }

  async #with<T>(key: string, work: (entry: ProcessEntry, held: Held) => Promise<T>): Promise<T> {
    const held = this.#held.get(key) ?? this.#hold(key)
    held.users += 1
    this.#cold.delete(held)
    const { promise } = held.opening
    try {
      // Also if it is there already: the calls of a key keep their order.
      return await work(await promise, held)
    } finally {
      held.users -= 1
      this.#rest(held)
    }
  }

  #hold(key: string): Held {
    const opening = Promise.withResolvers<ProcessEntry>()
    const counts = { users: 0, writes: 0, isCounted: false, isMade: false }
    const held: Held = { key, opening, entry: undefined, createdAt: Date.now(), usedAt: undefined, ...counts }
    this.#held.set(key, held)
    opening.promise.catch(() => {
      this.#drop(held)
      this.#init.changed()
    })
    void this.#inTime(key, (late) => this.#open(held, late)).then(opening.resolve, opening.reject)
    return held
  }

  /** Reads a key from the store. @throws {GliaError} ERR_DEADLINE when that takes longer than a message may wait. */
  async #inTime<T>(key: string, read: (late: AbortSignal) => Promise<T>): Promise<T> {
    const { deadlineMs } = this.#init.whole.record.policy
    const words = `The store did not give the key “${key}” within ${deadlineMs} ms.`
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new GliaError('ERR_DEADLINE', words)), deadlineMs)
    try {
      return await orAborted(read(late.signal), late.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  /** @param late Aborts when nobody waits for it any more. */
  async #open(held: Held, late: AbortSignal): Promise<ProcessEntry> {
    await this.#filling
    await this.#leaving.get(held.key)
    const record = await this.#store?.key(this.#pid, held.key)
    late.throwIfAborted()
    if (!record) await this.#countOne(late)
    if (this.#isClosed) throw new GliaError('ERR_PROC_STOPPED', 'The process was killed, or its peer was stopped.')
    held.isCounted = true
    held.isMade = record !== undefined
    held.createdAt = record?.createdAt ?? held.createdAt
    const entry = this.#make(held, record)
    held.entry = entry
    if (record) entry.isPut(entry.record, false)
    return entry
  }

  #make(held: Held, record: KeyRecord | undefined): ProcessEntry {
    const { whole, store, spec, changed, exited } = this.#init
    const { key, createdAt } = held
    const { watches: _watches, links: _links, previous: _previous, ...common } = whole.record
    const own = {
      pid: instancePid(this.#pid, key),
      createdAt,
      exits: record?.exits,
      dead: record && this.#death(record),
    }
    return this.#init.make(
      { ...common, ...own },
      {
        store,
        instanceOf: { whole, key },
        spec: (entry) => this.#noticing(held, spec(entry)),
        changed: () => {
          this.#rest(held)
          changed()
        },
        exited: (_entry, exit, counts) => {
          if (held.isMade && exit.reason.type !== 'killed') this.#keepSoon(held)
          exited(exit, counts)
        },
        revives: async (entry) => {
          entry.update({ dead: undefined })
          await this.#keep(held)
        },
      },
    )
  }

  /** The same, which keeps the key once its first instance is there. */
  #noticing(held: Held, spec: ActorSpec): ActorSpec {
    return {
      ...spec,
      start: async (...given) => {
        const actor = await spec.start(...given)
        if (!held.isMade) this.#keepSoon(held)
        held.isMade = true
        return actor
      },
    }
  }

  #keepSoon(held: Held): void {
    const written = this.#keep(held).finally(() => this.#writes.delete(written))
    this.#writes.add(written)
  }

  /** Keeps the record of a key. Never rejects. */
  async #keep(held: Held): Promise<void> {
    const { entry, key, createdAt } = held
    // A record that is written after the kill would bring the key back.
    if (!entry || this.#held.get(key) !== held) return
    const { exits, dead } = entry.record
    const isNew = !entry.persisted
    const store = this.#store
    held.writes += 1
    try {
      await store?.putKey(this.#pid, { key, createdAt, ...(exits && { exits }), ...(dead !== undefined && { dead }) })
      // It was killed meanwhile, and what is stored is deleted.
      if (this.#held.get(key) !== held) return
      if (!store) {
        // Otherwise its process is being put into the store: `kept` follows.
        if (this.#isUnkept) entry.notPut()
        return
      }
      entry.isPut(entry.record, isNew)
    } catch (thrown) {
      entry.notPut()
      // It was killed meanwhile, and is not to be kept.
      if (this.#held.get(key) !== held) return
      entry.log.add('error', `${toGliaError(thrown).message} The instance runs, but it is not kept.`)
    } finally {
      held.writes -= 1
      this.#rest(held)
    }
  }

  /** Looks whether an instance has to stay in memory. */
  #rest(held: Held): void {
    const { entry } = held
    if (!entry || this.#held.get(held.key) !== held) return
    const { state } = entry.proc
    if (state === 'idle') this.#idleTimer ??= setTimeout(() => this.#look(), LOOK_MS)
    if (held.users > 0 || held.writes > 0 || (state !== 'cold' && state !== 'dead')) return
    if (!entry.files.isAtRest) return
    // Nothing of it is anywhere.
    if (state === 'cold' && (!held.isMade || !this.#store)) return this.#forget(held)
    if (!entry.persisted || !entry.memory.isAtRest) return
    this.#cold.add(held)
    const [longest] = this.#cold
    if (this.#cold.size > MAX_COLD && longest) this.#drop(longest)
  }

  #look(): void {
    this.#idleTimer = undefined
    const before = performance.now() - IDLE_MS
    for (const held of this.#held.values()) {
      const proc = held.entry?.proc
      if ((proc?.evictableSince ?? Infinity) <= before) proc?.evict('Hibernated while it was idle.')
      // Not all that makes an instance fit to be dropped is told.
      this.#rest(held)
    }
  }

  #drop(held: Held): void {
    if (this.#held.get(held.key) === held) this.#held.delete(held.key)
    this.#cold.delete(held)
    void held.entry?.memory.release()
    held.entry?.files.close()
  }

  #forget(held: Held): void {
    this.#drop(held)
    if (!held.isCounted || this.#count === undefined) return
    held.isCounted = false
    this.#count -= 1
  }

  /** @throws {GliaError} ERR_TOO_MANY_KEYS, ERR_STORAGE; the reason of the signal */
  async #countOne(late: AbortSignal): Promise<void> {
    const count = this.#count ?? (await this.counted())
    const check = await this.#init.beforeKey()
    late.throwIfAborted()
    const { name, policy } = this.#init.whole.record
    // Others may have counted theirs meanwhile.
    const now = this.#count ?? count
    if (now >= policy.maxKeys) {
      const words = `${name} has ${counted(policy.maxKeys, 'key')} already, as many as its policy allows (maxKeys).`
      throw new GliaError('ERR_TOO_MANY_KEYS', words)
    }
    check?.()
    this.#count = now + 1
  }

  #sorted(after = ''): KeyRecord[] {
    const all = [...this.#held.values()].map(({ key, createdAt }): KeyRecord => ({ key, createdAt }))
    return all.filter(({ key }) => key > after).toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** Why an instance was dead when it was kept, unless all began anew since. */
  #death({ dead, exits }: KeyRecord): string | undefined {
    const { renewedAt = 0 } = this.#init.whole.record
    return (exits?.at(-1)?.at ?? 0) >= renewedAt ? dead : undefined
  }

  #listed(record: KeyRecord): ListedKey {
    const { key, createdAt } = record
    const dead = this.#death(record)
    const { entry, usedAt } = this.#held.get(key) ?? {}
    const proc = entry?.proc
    const state = proc?.state ?? (dead === undefined ? 'cold' : 'dead')
    const why = proc ? proc.death : dead
    return { key, createdAt, usedAt, state, memoryBytes: proc?.memoryBytes, ...(why !== undefined && { dead: why }) }
  }

  #report(thrown: unknown): void {
    this.#init.whole.log.add('error', toGliaError(thrown).message)
  }
}
