import type { CallContext } from '../call-context.ts'
import type { CallNote } from '../call-note.ts'
import type { GliaError } from '../errors.ts'
import type { ExitReason } from './exit.ts'

/**
 * The method of command modules. Each message gets a fresh instance, so its end concerns the message and not the
 * process.
 */
export const COMMAND = '_start'

/** A message, as an actor sees it. */
export interface Message {
  /** Who calls: `browser`, the PID of a process of this peer, or the id of another peer. Left out: nobody knows. */
  readonly caller?: string | undefined
  /** Bytes of the request; null at the end. Rejects if the call is over before. */
  read(): Promise<Uint8Array | null>
  /** Reply bytes; resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>
  /** Room for the next bytes of the reply, if the caller waits for them and has given room (Stream). */
  readonly room?: Uint8Array | undefined
  /** The guest wants no more of the message. The caller's writes fail, and the reply goes on. */
  closeRead(): void
  /** The reply is whole. The caller reads its end, and the guest goes on. */
  closeWrite(): void
  /** Aborts when the caller gave up or the deadline passed. The guest's reads and writes then fail. */
  readonly signal: AbortSignal
  /** The context of calls that the actor makes for this message. */
  readonly context: CallContext
  /** The call, if it is recorded. */
  readonly note?: CallNote | undefined
  /** Told what the guest writes to stderr. Left out: nobody wants to know. */
  wroteToStderr?(bytes: Uint8Array): void
  /** Told of the failure of a call that the actor made for this message. Left out: nobody wants to know. */
  callFailed?(error: GliaError): void
}

/**
 * What a process runs on: an instance of its module in a Web Worker or a worker thread. It runs one message at a time.
 */
export interface Actor {
  /**
   * Delivers a message to a method. Resolves when the method has returned and all its output was passed on.
   * @throws {GliaError} ERR_TRAPPED, ERR_OUT_OF_MEMORY, ERR_EXITED or ERR_FAILED from the module; ERR_START if a fresh
   * instance cannot be made; ERR_PROC_STOPPED after {@link stop}.
   */
  run(method: string, message: Message): Promise<void>
  /**
   * Asked before a message: whether the actor has room for it. If not, another actor has to take its place, which loses
   * nothing. Left out: it always has room.
   */
  accepts?(method: string): boolean
  /** Ends the actor at once, even in the middle of a loop. Idempotent. */
  stop(): void
  /**
   * Ends the actor between two messages. What it has in memory is kept, and the next actor of the process goes on from
   * it. Left out: {@link stop} does that too.
   */
  hibernate?(): void
  /** Linear memory of the instance, with its files outside of `/data`, in bytes; undefined if there is none. */
  readonly memoryBytes: number | undefined
  /** Why the last run ended the instance, or the exit code of a command. The next run makes a new instance. */
  readonly exited: ExitReason | undefined
  /** Why the actor can no longer be used: it was stopped, or its worker ended by itself. */
  readonly stopped: GliaError | undefined
  /** Whether the guest has read everything that is there of its message, and waits for more. Left out: unknown. */
  readonly awaitsInput?: boolean | undefined
  /** Whether the last message has asked for files to be stored, as by `fsync`. Left out: it cannot. */
  readonly hasSynced?: boolean | undefined
  /** Whether each message gets an instance of its own. Left out: only a {@link COMMAND} does. */
  readonly isFresh?: boolean | undefined
  /** Whether another actor should take its place, because of the memory that its ended instances still hold. */
  readonly isWorn?: boolean | undefined
}

/** A place among the actors that may live at once. */
export interface ActorPlace {
  /** Gives the place back. Idempotent. */
  leave(): void
  /**
   * An instance of the actor has ended, with so much memory.
   * @returns whether the actor is to be stopped after the message: only that surely frees its ended instances.
   */
  instanceEnded(memoryBytes: number): boolean
  /**
   * The actor, whose last instance has ended, is about to make another.
   * @returns whether there is room for its memory. If not, a new actor has to take the place of this one.
   */
  instanceBegins(): boolean
  /**
   * The browser has refused the actor a memory. Makes an idle process give up its own, and waits a little.
   * @param since Time of the first refusal, on the clock of `performance.now()`.
   * @returns whether another try is worth it.
   */
  afterRefusal(since: number): Promise<boolean>
}

/**
 * Makes the actor of a process, instantiated and ready to run.
 * @param place The actor's place, which the actor gives back, also if the start fails. Left out: it takes one if there
 * is one.
 * @throws {GliaError} ERR_START if the module cannot be instantiated; ERR_LIVE_LIMIT if no more actors may live; the
 * reason of the signal.
 */
export type ActorFactory = (signal: AbortSignal, place?: ActorPlace) => Promise<Actor>

/** How the actor of a process is started (OTP: a child specification), and its methods. */
export interface ActorSpec {
  methods: readonly string[]
  /**
   * Prepares what a start needs, if that takes long without the guest: reading and compiling. Left out: nothing has to
   * be prepared.
   */
  load?: (() => Promise<unknown>) | undefined
  /** Waits for a place among the actors that may live at once. Left out: there is always one. */
  enter?: ((signal: AbortSignal) => Promise<ActorPlace>) | undefined
  start: ActorFactory
}
