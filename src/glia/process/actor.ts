import type { CallContext } from '../call-context.ts'
import type { GliaError } from '../errors.ts'
import type { ExitReason } from './exit.ts'

/** The method of command modules. Each message gets a fresh instance, so an end of it is the message's and not the process's. */
export const COMMAND = '_start'

/** The message as an actor sees it. */
export interface Message {
  /** Request bytes; null at the end. Rejects when the call is over before its end. */
  read(): Promise<Uint8Array | null>
  /** Reply bytes; resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>
  /** Where the caller would have the next bytes of the reply put, if it waits for them and has said so (Stream). */
  readonly room?: Uint8Array | undefined
  /** The guest wants no more of the message: the caller's writes fail, and its reply goes on. */
  closeRead(): void
  /** The reply is whole: the caller reads its end, and the guest goes on. */
  closeWrite(): void
  /** Aborts when the caller gave up or the deadline passed: the guest's reads and writes then fail. */
  readonly signal: AbortSignal
  /** What calls have that the actor makes for this message. */
  readonly context: CallContext
}

/**
 * What a process runs on: an instance of its module somewhere (a Web Worker, a worker thread). Runs one message at a time.
 */
export interface Actor {
  /**
   * Delivers a message to a method and resolves when the method has returned and all it wrote is handed on.
   * @throws {GliaError} ERR_TRAPPED, ERR_OUT_OF_MEMORY, ERR_EXITED or ERR_FAILED from the module; ERR_START if a fresh instance cannot be
   * made; ERR_PROC_STOPPED after {@link stop}.
   */
  run(method: string, message: Message): Promise<void>
  /**
   * Before a message: whether it has room for what the message needs. If not, another actor has to take its place, which loses
   * nothing. Left out: it always has.
   */
  accepts?(method: string): boolean
  /** Ends it at once, even in the middle of a loop. Idempotent. */
  stop(): void
  /** Linear memory of the instance and of its files outside of `/data`, in bytes; undefined when there is none. */
  readonly memoryBytes: number | undefined
  /** Why the last run ended the instance, which the next one then makes anew, or with which code a command failed. */
  readonly exited: ExitReason | undefined
  /** Why it is of no more use, once it was stopped or had to end by itself: its worker is gone. */
  readonly stopped: GliaError | undefined
  /** Whether the guest has read all that is there of its message, and waits for more. Left out: it may. */
  readonly awaitsInput?: boolean | undefined
  /** Whether another had better take its place, for what its ended instances still hold. */
  readonly isWorn?: boolean | undefined
}

/** A place among the actors that may live at once. */
export interface ActorPlace {
  /** Gives it back. Idempotent. */
  leave(): void
  /**
   * An instance of the actor has ended, with so much memory.
   * @returns whether the actor is to be stopped after the message: nothing else takes its ended instances away for sure.
   */
  instanceEnded(memoryBytes: number): boolean
  /**
   * The actor, whose last instance has ended, is to make another.
   * @returns whether there is room for its memory. If not, a new actor has to take the place of this one.
   */
  instanceBegins(): boolean
  /**
   * The browser has refused the actor a memory. Has an idle process give up its own, and waits a little.
   * @param since When it was refused first, on the clock of `performance.now()`.
   * @returns whether another try is worth it.
   */
  afterRefusal(since: number): Promise<boolean>
}

/**
 * Makes the actor of a process, instantiated and ready to run.
 * @param place Its place, which is its own from then on, also if the start fails. Left out: it takes one if there is one.
 * @throws {GliaError} ERR_START if the module cannot be instantiated; ERR_LIVE_LIMIT if no more actors may live; the
 * signal's reason.
 */
export type ActorFactory = (signal: AbortSignal, place?: ActorPlace) => Promise<Actor>

/** How the actor of a process is started (OTP: a child specification), and the methods that it has then. */
export interface ActorSpec {
  methods: readonly string[]
  /** Makes ready what the start needs, where that takes long: the guest has no part in it. Left out: nothing has to be. */
  load?: (() => Promise<unknown>) | undefined
  /** Waits for a place among the actors that may live at once. Left out: there is always one. */
  enter?: ((signal: AbortSignal) => Promise<ActorPlace>) | undefined
  start: ActorFactory
}
