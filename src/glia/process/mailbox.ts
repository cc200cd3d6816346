import { seconds } from '../wait/deadline.ts'
import { GliaError } from '../errors.ts'
import { FairQueue, type Sender } from './fair-queue.ts'
import { counted } from '../counted.ts'

/** How much of a message is there: its beginning, as much as the door keeps of it, or all of it. */
export type Arrived = 'begun' | 'much' | 'whole'

/** A message, or an act of the owner, that wants a turn. */
export interface Applicant extends Sender {
  /** Whether the owner sent it: a page or a process of this browser. */
  readonly isOwner: boolean
  readonly arrived: Arrived
  /** The record of the message; undefined for an act of the owner. */
  readonly call?: object | undefined
}

/** Who waits for a turn. */
export interface Line {
  /** Acts of the owner. They go first. */
  readonly acts: number
  /** Messages of the owner, and of others. Each line gives turns to its senders one after the other. */
  readonly owner: readonly Applicant[]
  readonly others: readonly Applicant[]
}

export type Behind = 'nobody' | 'others' | 'owner'

/** What a page of this browser asks for. */
const OWNER: Applicant = { isOwner: true, peer: 'browser', client: '', arrived: 'whole' }

/** Turns of the owner's messages in a row while messages of others wait. */
const OWNER_RUN = 4

/**
 * Lets messages into a process one at a time. A message holds its turn until it releases it.
 *
 * There are three lines. The owner's *acts* on the process (a swap, a restart) go first. The owner's *messages* have a
 * line of their own, which others can neither fill nor delay by more than a turn. In the line of all *others* a peer
 * has one place, however much it sends. There whole messages and large ones take turns. A message that has only begun
 * is let in when nothing else waits, since it may never go on. Within a line every sender gets its share ({@link
 * FairQueue}).
 *
 * After a turn that was spent waiting for a slow sender, unfinished messages are held back for a while ({@link
 * holdBack}).
 */
export class Mailbox {
  /** How many messages of the owner may wait, and how many other peers may have messages waiting. */
  capacity: number
  /** Called when somebody begins to wait. */
  readonly #onWait: (() => void) | undefined
  /** Acts of the owner. */
  readonly #acts: Waiter[] = []
  readonly #owner = new FairQueue<Waiter>()
  readonly #others = new FairQueue<Waiter>()
  #taken = false
  #ownerRun = 0
  /** Which of the others had the last turn: a whole message, or a large one. */
  #lastWhole = false
  #isNewestNext = false
  /** The time during which messages are held back. */
  #heldBack: { timer: ReturnType<typeof setTimeout>; until: number } | undefined

  constructor(capacity: number, onWait?: () => void) {
    this.capacity = capacity
    this.#onWait = onWait
  }

  /** Messages waiting for their turn. */
  get waiting(): number {
    return this.#owner.size + this.#others.size
  }

  get line(): Line {
    return { acts: this.#acts.length, owner: applicantsOf(this.#owner), others: applicantsOf(this.#others) }
  }

  /** Who waits behind the message with the turn. The owner may wait to do something, too. */
  get behind(): Behind {
    if (this.#owner.size > 0 || this.#acts.length > 0) return 'owner'
    return this.#others.size > 0 ? 'others' : 'nobody'
  }

  /** Whether nobody has the turn and nobody waits. */
  get free(): boolean {
    return !this.#taken && this.waiting === 0
  }

  /** Takes the turn if nobody has it. This is the usual case, and needs no promise. */
  tryEnter(who: Applicant = OWNER): (() => void) | undefined {
    if (this.#taken || (this.#heldBack && !who.isOwner && who.arrived === 'begun')) return undefined
    this.#taken = true
    return this.#leave
  }

  /**
   * For this time no message of others that has only begun gets a turn, and no large one while a whole one waits.
   * Senders cost nothing, so this limits what slow ones take together: the messages that are there have the turn as
   * long as the slow ones took it. The next turn of the others goes to the message that came last: those that came with
   * the slow one may be as slow.
   */
  holdBack(ms: number): void {
    this.#isNewestNext = true
    const until = performance.now() + ms
    if (this.#heldBack && this.#heldBack.until > until) return
    clearTimeout(this.#heldBack?.timer)
    const timer = setTimeout(() => {
      this.#heldBack = undefined
      this.look()
    }, ms)
    this.#heldBack = { timer, until }
  }

  /** While messages are held back nobody may have the turn. Gives it to a message that need not wait any longer. */
  look(): void {
    if (!this.#taken && this.waiting > 0) this.#leave()
  }

  /**
   * Waits for the turn. Call the result exactly when the message is done.
   * @param waitMs Longest wait. Left out: no limit.
   * @throws {GliaError} ERR_MAILBOX_FULL if too many wait already, or a sender with fewer messages needs the place;
   * ERR_DEADLINE; the error of {@link refuseWaiting}; the reason of the signal.
   */
  async enter(signal: AbortSignal, who: Applicant = OWNER, waitMs?: number): Promise<() => void> {
    signal.throwIfAborted()
    const leave = this.tryEnter(who)
    if (leave) return leave
    const waiter = new Waiter(who)
    const queue = who.isOwner ? this.#owner : this.#others
    queue.add(waiter)
    if (who.isOwner) this.#makeRoomForOwner(waiter)
    else this.#makeRoomForOther(waiter)
    return this.#wait(waiter, signal, { waitMs, leaveQueue: () => void queue.remove(waiter) })
  }

  /**
   * Like enter, for an act of the owner: before all waiting messages, and there is always room.
   * @throws the reason of the signal.
   */
  async enterFirst(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const leave = this.tryEnter()
    if (leave) return leave
    const waiter = new Waiter(OWNER)
    this.#acts.push(waiter)
    const leaveQueue = (): void => {
      const at = this.#acts.indexOf(waiter)
      // It may have been admitted already, in this task. Then no other act may lose its place.
      if (at >= 0) this.#acts.splice(at, 1)
    }
    return this.#wait(waiter, signal, { leaveQueue })
  }

  /** Refuses every waiting message. The message with the turn keeps it. */
  refuseWaiting(error: GliaError): void {
    this.whoWaits()(error)
  }

  /**
   * Remembers the messages that wait now. @returns a function that refuses those of them that still wait, and no later
   * ones.
   */
  whoWaits(): (error: GliaError) => void {
    const waiting = [...this.#owner, ...this.#others]
    return (error) => {
      for (const waiter of waiting) {
        if (this.#owner.remove(waiter) || this.#others.remove(waiter)) waiter.refuse(error)
      }
    }
  }

  async #wait(
    waiter: Waiter,
    signal: AbortSignal,
    { waitMs, leaveQueue }: { waitMs?: number | undefined; leaveQueue: () => void },
  ): Promise<() => void> {
    const giveUp = (): void => {
      leaveQueue()
      waiter.refuse(signal.reason)
    }
    const late = (): void => {
      leaveQueue()
      const waited = `The message waited ${seconds(waitMs ?? 0)} for its turn and was not run.`
      waiter.refuse(new GliaError('ERR_DEADLINE', waited))
    }
    signal.addEventListener('abort', giveUp, { once: true })
    const timer = waitMs === undefined ? undefined : setTimeout(late, waitMs)
    try {
      this.#onWait?.()
      await waiter.admitted
      return this.#leave
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
    }
  }

  #makeRoomForOwner(newcomer: Waiter): void {
    if (this.#owner.size <= this.capacity) return
    const heaviest = this.#owner.heaviest(undefined, { newcomer })
    if (heaviest && this.#owner.remove(heaviest)) heaviest.refuse(full(this.#owner.size))
  }

  /**
   * A peer that waits already takes no further place with another message. The door limits the messages of one peer.
   */
  #makeRoomForOther(newcomer: Waiter): void {
    if (this.#others.peers <= this.capacity) return
    // A peer whose messages have all only begun gives its place up to a message of which more is there.
    const isWorthMore = newcomer.arrived !== 'begun'
    const begun = isWorthMore ? this.#others.allOfOne(({ arrived }) => arrived === 'begun') : []
    const leave = begun.length > 0 ? begun : [newcomer]
    for (const waiter of leave) if (this.#others.remove(waiter)) waiter.refuse(full(this.#others.size))
  }

  readonly #leave = (): void => {
    // The turn passes straight to the next waiter, so that a newcomer cannot slip in between.
    const next = this.#acts.shift() ?? this.#nextMessage()
    this.#taken = next !== undefined
    next?.admit()
  }

  #nextMessage(): Waiter | undefined {
    const isOthersTurn = this.#ownerRun >= OWNER_RUN && this.#others.size > 0
    const owner = isOthersTurn ? undefined : this.#owner.take()
    this.#ownerRun = owner ? this.#ownerRun + 1 : 0
    return owner ?? this.#nextOther() ?? this.#owner.take()
  }

  #nextOther(): Waiter | undefined {
    if (this.#isNewestNext) {
      this.#isNewestNext = false
      const newest = this.#others.take(({ arrived }) => arrived === 'whole', true)
      if (newest) return newest
    }
    for (const wanted of this.#order()) {
      const waiter = this.#others.take(({ arrived }) => arrived === wanted)
      if (!waiter) continue
      this.#lastWhole = wanted === 'whole'
      return waiter
    }
    return undefined
  }

  #order(): readonly Arrived[] {
    if (this.#heldBack) return ['whole', 'much']
    return this.#lastWhole ? ['much', 'whole', 'begun'] : ['whole', 'much', 'begun']
  }
}

function applicantsOf(queue: Iterable<Waiter>): Applicant[] {
  return Array.from(queue, ({ who }) => who)
}

/** A message that waits for its turn. */
class Waiter implements Sender {
  readonly peer: string
  readonly client: string
  readonly admitted: Promise<void>
  readonly admit: () => void
  readonly refuse: (error: unknown) => void
  readonly who: Applicant

  constructor(who: Applicant) {
    this.peer = who.peer
    this.client = who.client
    this.who = who
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.admitted = promise
    this.admit = resolve
    this.refuse = reject
  }

  /** The present state: the rest of the message arrives while it waits. */
  get arrived(): Arrived {
    return this.who.arrived
  }
}

function full(waiting: number): GliaError {
  return new GliaError(
    'ERR_MAILBOX_FULL',
    `${counted(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'} already. Try again later.`,
  )
}
