import { GliaError } from '../../glia/errors.ts'
import type { Extent } from '../snapshot/snapshot.ts'
import { Spinner } from '../carrier/spinner.ts'

/**
 * The control words that the page and a resident worker loop share: which method to run, and how it went. Waking
 * through them takes a fifth of the time of a posted message (Chromium 156, 32-byte echo: 5 µs instead of 25).
 */
const WORDS = 16
/** Number of the last message that the page has asked for. */
const COMMAND = 0
/** Index of its method. */
const METHOD = 1
/** Number of the last message that the worker has finished. */
const DONE = 2
const STATUS = 3
const CODE = 4
const MEMORY_PAGES = 5
const INSTANCE_GONE = 6
const FILE_REPORTS = 7
/** In {@link TMP_UNIT_BYTES}. */
const TMP_UNITS = 9
const SYNCED = 10
/** Not 0: there are no more messages. */
const CLOSED = 8

/** In the place of a method: the message loop ends, and its instance stays. */
export const PAUSE = -1

/** In the place of a method: the loop takes so much of the state of its instance, and goes on. */
export const TAKE: Readonly<Record<Extent, number>> = { changes: -2, all: -3, stored: -4 }

/** Time that a worker looks for the next message before it sleeps, in ms. */
const SPIN_MS = 0.1

const WASM_PAGE_BYTES = 65_536
/**
 * The memory of files under `/tmp` is told in whole units of so many bytes: the folders that are always there come to
 * none.
 */
export const TMP_UNIT_BYTES = 4096

/**
 * How a message ended in the worker. `noRoom`: it has not begun, because the browser had no memory for its instance.
 */
export const RunStatus = { ok: 0, failed: 1, exited: 2, trapped: 3, noRoom: 5 } as const
export type RunStatus = (typeof RunStatus)[keyof typeof RunStatus]

export interface RunEnd {
  status: RunStatus
  /** The result of the method, or the exit code. */
  code: number
  memoryBytes: number
  /** Memory of the instance's own files, as under `/tmp`; 0 if it is gone. */
  tmpBytes: number
  /** A trap or proc_exit has also ended the instance, and with it the worker's message loop. */
  instanceGone: boolean
  /** How often the worker has reported changes under `/data` until then. */
  fileReports: number
  /** Whether the message has asked for files to be stored, as by `fsync`. */
  synced: boolean
}

export class Control {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #spinner = new Spinner(SPIN_MS)
  /** Page: number of the last message. */
  #last = 0

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer)
  }

  static allocate(): Control {
    return new Control(new SharedArrayBuffer(WORDS * 4))
  }

  /** Page: asks for a method to be run. */
  command(method: number): void {
    this.#words[METHOD] = method
    this.#last = (Atomics.add(this.#words, COMMAND, 1) + 1) | 0
    Atomics.notify(this.#words, COMMAND)
  }

  /** Page: makes the worker leave its loop between two messages, so that it gets posted messages. */
  pause(): void {
    this.command(PAUSE)
  }

  /** Page: makes the loop take the state between two messages. */
  take(extent: Extent): void {
    this.command(TAKE[extent])
  }

  /** Page: whether the last message is finished. */
  get isDone(): boolean {
    return Atomics.load(this.#words, DONE) === this.#last
  }

  /** Page: how the last message ended. */
  result(): RunEnd {
    return {
      status: readStatus(this.#words[STATUS]),
      code: this.#words[CODE] ?? 0,
      memoryBytes: (this.#words[MEMORY_PAGES] ?? 0) * WASM_PAGE_BYTES,
      tmpBytes: (this.#words[TMP_UNITS] ?? 0) * TMP_UNIT_BYTES,
      instanceGone: this.#words[INSTANCE_GONE] === 1,
      fileReports: this.#words[FILE_REPORTS] ?? 0,
      synced: this.#words[SYNCED] === 1,
    }
  }

  /**
   * Page: there will be no more messages. A worker that sleeps when it is terminated lives on for two seconds in
   * Chromium, with one of the few wasm memories that a page can have (about 124); one whose loop has ended goes at
   * once.
   */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1)
    Atomics.add(this.#words, COMMAND, 1)
    Atomics.notify(this.#words, COMMAND)
  }

  /**
   * Worker: blocks until there is a message after the last finished one, or {@link PAUSE} or {@link TAKE} in the place of one. @throws
   * {GliaError} ERR_PROC_STOPPED once closed.
   */
  nextCommand(): { id: number; method: number } {
    const done = Atomics.load(this.#words, DONE)
    const isThere = (): boolean => Atomics.load(this.#words, COMMAND) !== done
    this.#spinner.until(isThere)
    while (!isThere()) Atomics.wait(this.#words, COMMAND, done)
    if (Atomics.load(this.#words, CLOSED) !== 0) throw new GliaError('ERR_PROC_STOPPED', 'This worker was ended.')
    return { id: done + 1, method: this.#words[METHOD] ?? PAUSE }
  }

  /** Worker: goes on after what was no message. */
  skip(id: number): void {
    Atomics.store(this.#words, DONE, id)
  }

  /** Worker: reports a message as finished. It wakes nobody: the page waits on its stdout ring, which is woken next. */
  finish(id: number, { status, code, memoryBytes, tmpBytes, instanceGone, fileReports, synced }: RunEnd): void {
    this.#words[STATUS] = status
    this.#words[CODE] = code
    this.#words[MEMORY_PAGES] = memoryBytes / WASM_PAGE_BYTES
    this.#words[TMP_UNITS] = tmpBytes / TMP_UNIT_BYTES
    this.#words[INSTANCE_GONE] = instanceGone ? 1 : 0
    this.#words[FILE_REPORTS] = fileReports
    this.#words[SYNCED] = synced ? 1 : 0
    Atomics.store(this.#words, DONE, id)
  }
}

export function readStatus(value: unknown): RunStatus {
  for (const status of Object.values(RunStatus)) if (status === value) return status
  throw new TypeError(`An actor worker reported the unknown status ${String(value)}.`)
}
