import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { Policy } from '../../glia/process/policy.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import type { SnapshotInfo } from './history.ts'
import { LeftMemory } from './left-memory.ts'
import type { RecentMemories } from './recent-memories.ts'
import type { Checkpoint, Extent, WholeSnapshot } from './snapshot.ts'
import { type Durability, type SnapshotStore, StoredMemory, type Write } from './stored-memory.ts'

/** Shortest time between two checkpoints, in ms. */
const INTERVAL_MS = 100
/** The time between two checkpoints is so many times as long as one of them takes, for a process with much memory. */
const REST = 10
/** But not longer than this, in ms. */
const MAX_INTERVAL_MS = 1000

/** Between two messages: takes the state of an instance. @returns undefined if nothing has changed. */
export type TakeState = (extent: Extent) => Promise<Checkpoint | undefined>

/** Keeps what is in the memory of the instances of one actor. */
export interface InstanceMemory {
  /** What the next instance goes on from; undefined: it begins anew. @throws {GliaError} ERR_STORAGE */
  load(): Promise<WholeSnapshot | undefined>
  /** Whether nobody else needs what `load` gave, so that it may leave this thread. */
  isSpare(loaded: WholeSnapshot): boolean
  /** What `load` gave does not fit. @returns the failure of the start. */
  refused(error: GliaError): GliaError
  /** An instance has been made of what `load` gave. @param take Left out: its state cannot be taken. */
  begin(take: TakeState | undefined, from: WholeSnapshot | undefined): void
  /** That instance is gone. */
  ended(take: TakeState): void
  /**
   * The instance is about to be hibernated. @returns whether it should give its state first, to `left`: its memory has
   * so many bytes.
   */
  wants(take: TakeState, memoryBytes: number | undefined): boolean
  /** What the last instance gives while it is ended. */
  left(taken: Promise<Checkpoint | undefined>): void
}

export interface ProcessMemoryInit {
  pid: string
  /** Undefined: nothing is kept. */
  store: SnapshotStore | undefined
  policy(): Policy
  /** Does something now if no message runs. @returns whether it does. */
  tryPause(work: () => Promise<void>): boolean
  /** Takes a line for people. */
  report(line: string): void
  /** Called when a checkpoint is stored, or is not kept. */
  changed(): void
}

/**
 * The memory of a process, on the page. Under `memory: 'durable'` its state is taken after messages and stored, and its
 * next instance goes on from there, in this page or the next.
 */
export class ProcessMemory {
  readonly #init: ProcessMemoryInit
  /** Takes the state of the live instance; undefined if there is none, or its state cannot be taken. */
  #take: TakeState | undefined
  /** Messages that have run since the state was taken. */
  #untaken = 0
  /** Whether the state is to be stored also if no message has run. */
  #isOwed = false
  /** Messages that were in the state when it was taken, since the process began with an empty memory. */
  #taken = 0
  /** Whether the process is in the store. */
  #isStoring = false
  /** Settles when it is known whether the process is in the store. */
  readonly #decided = Promise.withResolvers<void>()
  /** Whether the browser has refused to keep the process. */
  #isUnkept = false
  /** Whether the worker must not build on what it gave before. */
  #needsWhole = true
  /** Whether an earlier page has stored a snapshot. */
  #isFound = false
  /** Undefined: nothing is kept. */
  readonly #stored: StoredMemory | undefined
  /** The checkpoint that is being taken. It has the turn. Never rejects. */
  #taking: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the next checkpoint may be, on the clock of `performance.now()`. */
  #dueAt = 0
  /** What the next instance goes on from, if that is not in the store. */
  #given: WholeSnapshot | undefined
  /** Whether the store has that too, or gets it now. */
  #isGivenPut = false
  /** What the last instance has left, which is in the store too. */
  readonly #left = new LeftMemory()
  /** Whether the last instance could not be made of what was kept. */
  #isRefused = false
  /** Begins with the instance of a swap that is not in place yet. */
  #beginNext: (() => void) | undefined

  constructor(init: ProcessMemoryInit) {
    this.#init = init
    const { store } = init
    this.#stored =
      store &&
      new StoredMemory({
        ...init,
        store,
        failed: (waitMs) => this.#failed(waitMs),
        recovered: () => this.#retryAt(0),
      })
  }

  /** Whether what messages leave in memory is kept, now or soon. */
  get keeps(): boolean {
    return this.#keeps && !this.#isUnkept && this.#take !== undefined && this.#stored?.failure === undefined
  }

  /** Whether all that messages have left in memory is stored. */
  get isStored(): boolean {
    return this.keeps && !this.#hasNews && this.#stored?.isWriting === false && this.#stored.isThere === true
  }

  /** Whether nothing of it is only here, and no instance is. */
  get isAtRest(): boolean {
    return this.#take === undefined && this.#stored?.isWriting !== true && this.#given === undefined
  }

  /** Whether the next instance goes on from something, as far as is known. */
  get isThere(): boolean {
    return this.#given !== undefined || (this.#keeps && (this.#stored?.isThere ?? this.#isFound))
  }

  /** An earlier page has stored a snapshot. It is read when it is needed. */
  found(): void {
    this.#isFound = true
    this.#init.changed()
  }

  /** The process is made of a snapshot: its next instance goes on from there. */
  give(whole: WholeSnapshot): void {
    this.#given = whole
  }

  /**
   * For an actor of a module. @param replaces It starts beside the live one, with an empty memory. It counts once it is
   * in that one's place ({@link begunAnew}).
   */
  of(cid: string, replaces: boolean, recent: RecentMemories): InstanceMemory {
    let isBeside = replaces
    let beginNext: (() => void) | undefined
    return {
      load: async () => (isBeside ? undefined : this.load(cid)),
      isSpare: (loaded) => loaded !== this.#given,
      refused: (error) => this.refused(error),
      begin: (take, from) => {
        if (!isBeside) return this.begin(take, from)
        beginNext = () => {
          isBeside = false
          this.begin(take, from)
        }
        this.#beginNext = beginNext
      },
      ended: (take) => {
        if (!isBeside) this.ended(take)
        else if (this.#beginNext === beginNext) this.#beginNext = undefined
      },
      wants: (take, memoryBytes) => this.#take === take && this.isStored && recent.wants(memoryBytes),
      left: (taken) => this.#leaves(taken, recent),
    }
  }

  /**
   * The owner has restarted the process, or an actor that {@link of} was asked for is in the place of the old one.
   * @param revived The process was dead, and was restarted. It goes on with its kept memory, unless that was refused.
   */
  begunAnew(revived: boolean): void {
    if (!revived || this.#isRefused) this.drop()
    const beginNext = this.#beginNext
    this.#beginNext = undefined
    beginNext?.()
  }

  /**
   * What a new instance of a module goes on from; undefined: it begins anew. @throws {GliaError} ERR_STORAGE: a process
   * must not begin anew because its memory cannot be read.
   */
  async load(cid: string): Promise<WholeSnapshot | undefined> {
    const whole =
      this.#given ??
      (await this.#left.use((moment) => this.#keeps && this.#stored?.isCurrent(moment) === true)) ??
      (await this.#read().catch((thrown: unknown) => this.#unreadable(thrown)))
    return whole?.snapshot.cid === cid ? whole : undefined
  }

  /** What {@link load} gave does not fit. @returns the failure of the start. */
  refused(error: GliaError): GliaError {
    this.#isRefused = true
    if (this.#given) return error
    const words = `The process could not get back what it had in memory. ${error.message} Restart it to begin with an empty memory.`
    return new GliaError('ERR_START', words, { cause: error })
  }

  /** An instance has been made, with what {@link load} gave. @param take Left out: its state cannot be taken. */
  begin(take: TakeState | undefined, from: WholeSnapshot | undefined): void {
    this.#take = take
    this.#isRefused = false
    this.#untaken = 0
    this.#taken = from?.snapshot.messages ?? 0
    const isOnlyHere = from !== undefined && from === this.#given && !this.#isGivenPut
    this.#needsWhole = from === undefined || isOnlyHere
    if (from)
      this.#init.report(
        `Goes on with the memory that was kept after ${this.#taken === 1 ? 'one message' : `${this.#taken} messages`}.`,
      )
    if (from !== undefined) this.#given = undefined
    this.#isOwed = isOnlyHere
    this.#schedule()
  }

  /** The instance is gone. @param take Of that instance: another one may have taken its place. */
  ended(take: TakeState): void {
    if (this.#take !== take) return
    this.#take = undefined
    const undone = this.#untaken
    this.#untaken = 0
    this.#stopTimer()
    if (this.#keeps && this.#stored?.isThere === true && undone > 0) {
      const what = undone === 1 ? 'What the last message changed' : `What the last ${undone} messages changed`
      this.#init.report(`${what} in its memory was not kept yet, and is undone.`)
    }
  }

  /**
   * A message has run, and its instance goes on. @returns a promise if the state is taken now: the next message waits
   * for it. It never rejects.
   */
  ran(): Promise<void> | undefined {
    this.#untaken += 1
    if (!this.#canTake) return undefined
    if (performance.now() >= this.#dueAt) return this.#checkpoint('relaxed')
    this.#schedule()
    return undefined
  }

  /**
   * The same for a message whose reply waits: takes the state now. Resolves when it is stored for good.
   * @throws {GliaError} ERR_STORAGE: the message has run, and what it changed may be forgotten.
   */
  async ranToBeStored(): Promise<void> {
    this.#untaken += 1
    const late = AbortSignal.timeout(this.#init.policy().deadlineMs)
    const store = async (): Promise<void> => {
      await this.whenDecided()
      await (
        await this.save()
      ).whenStored
    }
    try {
      await orAborted(store(), late)
      // The instance ended meanwhile, or its state cannot be taken.
      if (!this.#take) throw new GliaError('ERR_STORAGE', 'The state of this module cannot be taken.')
    } catch (thrown) {
      const why = thrown === late.reason ? 'It could not be stored in time.' : toGliaError(thrown).message
      const words = `The message has run, and what it changed may be forgotten. ${why}`
      throw new GliaError('ERR_STORAGE', words, { cause: thrown })
    }
  }

  /** Resolves when it is known whether a live instance is kept: its process is put into the store beside its messages. */
  async whenDecided(): Promise<void> {
    if (this.#take && this.#stored) await this.#decided.promise
  }

  /**
   * Between two messages, when that is decided: takes the state. Resolves when it is taken; `whenStored` when it is stored for good.
   * @throws {GliaError} ERR_BAD_REQUEST if the policy does not keep it; ERR_STORAGE if the process is not kept.
   */
  async save(): Promise<{ whenStored: Promise<void> }> {
    if (!this.#keeps) throw notKept()
    if (!this.#take) return { whenStored: this.#whenStored() }
    if (!this.#isStoring)
      throw new GliaError('ERR_STORAGE', 'The process is not kept, so its memory is not kept either.')
    await this.#checkpoint('strict')
    return { whenStored: this.#whenStored() }
  }

  /** The snapshots that are kept, newest first. @throws {GliaError} ERR_STORAGE */
  async snapshots(): Promise<SnapshotInfo[]> {
    return (await this.#stored?.list()) ?? []
  }

  /**
   * Between two messages: the next instance goes on from a kept snapshot. What there is now is kept before.
   * @throws {GliaError} ERR_BAD_REQUEST if it is not there; ERR_STORAGE.
   */
  async goBack(id: number): Promise<void> {
    if (!this.#keeps) throw notKept()
    if (this.#canTake) await (await this.save()).whenStored
    const whole = await this.#past(id)
    this.#giveUp()
    this.#given = whole
    this.#untaken = 0
    this.#isOwed = false
    this.#putGiven()
  }

  /**
   * Between two messages: all of the state. @param id Of a kept snapshot. Left out: what there is now.
   * @throws {GliaError} ERR_BAD_REQUEST if there is none.
   */
  async whole(id?: number): Promise<WholeSnapshot> {
    const whole = id === undefined ? await this.present() : await this.#past(id)
    if (whole) return whole
    throw new GliaError(
      'ERR_BAD_REQUEST',
      'Nothing that the process had in memory is there. A process that lives has a memory from its first message on.',
    )
  }

  /** Between two messages: all of the state; undefined if there is none. @throws {GliaError} ERR_STORAGE, ERR_BAD_SNAPSHOT */
  async present(): Promise<WholeSnapshot | undefined> {
    if (!this.#take) return this.#given ?? this.#read()
    this.#needsWhole = true
    this.#isOwed = true
    const taken = await this.#take('all')
    this.#schedule()
    if (!taken) throw new GliaError('ERR_INTERNAL', 'The worker gave no state.')
    return wholeOf(counting(taken, this.#taken + this.#untaken))
  }

  /** Between two messages: the next instance goes on from what there is now. @throws like {@link whole}. */
  async handOver(): Promise<void> {
    this.#given = await this.whole()
    this.#isGivenPut = false
    this.#untaken = 0
  }

  /** The next instance begins anew. */
  drop(): void {
    this.#giveUp()
    this.#given = undefined
    this.#isRefused = false
    this.#stored?.drop()
  }

  /** The process is in the store. From now on its memory is too. */
  keep(isNew: boolean): void {
    if (isNew && this.#stored) this.#stored.isThere ??= false
    this.#isStoring = this.#stored !== undefined
    this.#isUnkept = false
    this.#decided.resolve()
    this.#putGiven()
    this.#schedule()
  }

  /** The store has the process with another module. Nothing more is stored until {@link keep}. */
  withhold(): void {
    this.#isStoring = false
    this.#stopTimer()
  }

  /** The process could not be put into the store. */
  notKept(): void {
    this.#isUnkept = !this.#isStoring
    this.#decided.resolve()
  }

  /**
   * The process leaves the store, and nothing more is kept.
   * @returns when no write is under way any more, which would bring a part of it back. It never rejects.
   */
  release(): Promise<unknown> {
    this.#giveUp()
    this.#isStoring = false
    this.#decided.resolve()
    if (this.#stored) this.#stored.isThere = false
    this.#stopTimer()
    return this.#stored?.settled ?? Promise.resolve()
  }

  /** The page ends. Stores what is not stored yet, then calls `end`. No message runs in between. Never rejects. */
  async finish(end: () => void): Promise<void> {
    await this.#taking
    // Otherwise its worker would outlive the page's peer.
    await this.#left.whenThere
    const finished = Promise.withResolvers<void>()
    const work = async (): Promise<void> => {
      await this.#checkpoint('relaxed')
      await this.#stored?.settled
      end()
      finished.resolve()
    }
    if (this.#canTake && this.#init.tryPause(work)) return finished.promise
    if (this.#stored?.isWriting === true) await this.#stored.settled
    end()
  }

  /**
   * Like {@link release}, when the process has ended for good. The page holds what was stored, for a restart by hand.
   * Never rejects.
   */
  async hold(): Promise<void> {
    const isThere = this.#keeps && (this.#stored?.isThere !== false || this.#stored.isWriting)
    const reading = isThere ? this.#stored?.read() : undefined
    void this.release()
    const since = this.#stored?.moment
    try {
      const whole = await reading
      if (since && this.#stored?.isCurrent(since)) this.#given ??= whole
    } catch (thrown) {
      this.#init.report(`${toGliaError(thrown).message} What it had in memory is gone.`)
    }
  }

  /** The policy has changed. */
  policyChanged(): void {
    if (!this.#keeps) {
      // What its first instance goes on from is no matter of the policy.
      const given = this.#given
      this.drop()
      this.#given = given
      return
    }
    this.#putGiven()
    this.#isOwed = this.#take !== undefined
    this.#schedule()
  }

  get #keeps(): boolean {
    return this.#init.policy().memory === 'durable' && this.#stored !== undefined
  }

  get #hasNews(): boolean {
    return this.#untaken > 0 || this.#isOwed
  }

  get #canTake(): boolean {
    return this.#keeps && this.#isStoring && this.#take !== undefined && this.#hasNews
  }

  #schedule(leastMs = 0): void {
    if (!this.#canTake || this.#timer !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        // A message or an act of the owner has the turn. Not every one of them leads to a checkpoint when it ends.
        if (this.#canTake && !this.#init.tryPause(() => this.#checkpoint('relaxed'))) this.#schedule(INTERVAL_MS)
      },
      Math.max(leastMs, this.#dueAt - performance.now()),
    )
  }

  /** Resolves when the state is taken. Never rejects. */
  #checkpoint(durability: Durability): Promise<void> {
    const taking = this.#takeAndPut(durability).finally(() => {
      if (this.#taking === taking) this.#taking = undefined
    })
    this.#taking = taking
    return taking
  }

  async #takeAndPut(durability: Durability): Promise<void> {
    const take = this.#take
    const stored = this.#stored
    if (!take || !stored) return
    this.#stopTimer()
    const began = performance.now()
    const untaken = this.#untaken
    const { moment } = stored
    try {
      const extent = this.#needsWhole ? 'all' : 'changes'
      this.#needsWhole = false
      this.#isOwed = false
      const taken = await take(extent)
      this.#untaken -= untaken
      this.#taken += untaken
      if (taken) stored.put(moment, this.#writeOf(counting(taken, this.#taken), durability))
      else this.#init.changed()
    } catch (thrown) {
      // The instance has ended, and with it what there was to take.
      if (this.#take === take) stored.fail(thrown)
    }
    const tookMs = performance.now() - began
    const restMs = Math.min(Math.max(INTERVAL_MS, REST * tookMs), MAX_INTERVAL_MS)
    // A failure may have set a later time.
    this.#dueAt = Math.max(this.#dueAt, performance.now() + restMs)
  }

  #writeOf(checkpoint: Checkpoint, durability: Durability): Write {
    const { store, pid } = this.#init
    return {
      isWhole: checkpoint.dropped === 'all',
      run: async () => {
        if (store?.takeCheckpoint) await store.takeCheckpoint(pid, checkpoint, durability)
        else await store?.putCheckpoint(pid, checkpoint, durability)
      },
    }
  }

  /** The page may end before there is an instance that goes on from it. */
  #putGiven(): void {
    const { store, pid } = this.#init
    const given = this.#given
    if (!store || !this.#stored || !given || !this.#keeps || !this.#isStoring || this.#isGivenPut) return
    this.#isGivenPut = true
    const run = (): Promise<void> => store.putCheckpoint(pid, { ...given, dropped: 'all' }, 'relaxed')
    this.#stored.put(this.#stored.moment, { isWhole: true, run })
  }

  async #whenStored(): Promise<void> {
    await this.#stored?.whenStored()
  }

  async #read(): Promise<WholeSnapshot | undefined> {
    const stored = this.#stored
    if (!stored || !this.#keeps || stored.isThere === false) return undefined
    const { moment } = stored
    const whole = await stored.read()
    // An earlier page wrote it.
    const checked = whole && stored.isThere === undefined ? await (await checks()).checkedSnapshot(whole) : whole
    if (!stored.isCurrent(moment)) return undefined
    stored.isThere = whole !== undefined
    return checked
  }

  /** @throws {GliaError} ERR_BAD_REQUEST if it is not there; ERR_BAD_SNAPSHOT, ERR_STORAGE */
  async #past(id: number): Promise<WholeSnapshot> {
    const whole = await this.#stored?.read(id)
    if (whole) return (await checks()).checkedSnapshot(whole)
    throw new GliaError('ERR_BAD_REQUEST', `There is no snapshot ${id} of the process any more: the last ten are kept.`)
  }

  #unreadable(thrown: unknown): never {
    const error = toGliaError(thrown)
    throw error.code === 'ERR_BAD_SNAPSHOT' ? this.refused(error) : error
  }

  /** The instance gives what it has, as the store has it, and ends. */
  #leaves(taken: Promise<Checkpoint | undefined>, recent: RecentMemories): void {
    const moment = this.#stored?.moment
    if (!moment) return
    const messages = this.#taken
    const whole = taken.then(
      (checkpoint) => checkpoint && wholeOf(counting(checkpoint, messages)),
      // The store has it.
      () => undefined,
    )
    this.#left.put(whole, moment, recent)
  }

  #giveUp(): void {
    this.#stored?.giveUp()
    this.#left.drop()
    this.#isGivenPut = false
    this.#needsWhole = true
  }

  /** A checkpoint some time later tries again, with all of the state. */
  #failed(waitMs: number): void {
    this.#isGivenPut = false
    this.#needsWhole = true
    this.#isOwed = this.#take !== undefined
    this.#retryAt(performance.now() + waitMs)
  }

  #retryAt(dueAt: number): void {
    this.#dueAt = dueAt
    this.#stopTimer()
    this.#schedule()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** Loaded when a page first goes on from what another one has kept. */
function checks(): Promise<typeof import('./checked-snapshot.ts')> {
  return import('./checked-snapshot.ts')
}

function notKept(): GliaError {
  return new GliaError(
    'ERR_BAD_REQUEST',
    "The policy of the process does not keep its memory: set memory to 'durable'.",
  )
}

function wholeOf({ snapshot, packs }: Checkpoint): WholeSnapshot {
  return { snapshot, packs }
}

/** A checkpoint with the number of messages in it, which only this thread knows. */
function counting(checkpoint: Checkpoint, messages: number): Checkpoint {
  return { ...checkpoint, snapshot: { ...checkpoint.snapshot, messages } }
}
