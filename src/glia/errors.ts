/**
 * Every failure that a caller can see, with its HTTP status. Callers compare `err.code`. The message is one sentence
 * for a person, and the cause is kept.
 */
export const STATUS = {
  ERR_BAD_ADDRESS: 400,
  ERR_BAD_REQUEST: 400,
  /** The bytes are not a module Glia can run; the message says why. */
  ERR_BAD_MODULE: 400,
  /** The bytes are no snapshot that fits the process; the message says why. */
  ERR_BAD_SNAPSHOT: 400,
  ERR_DENIED: 403,
  ERR_NO_PROC: 404,
  ERR_NO_METHOD: 404,
  /** The HTTP API has no such path. */
  ERR_NO_PATH: 404,
  ERR_BAD_VERB: 405,
  /** The call with this Idempotency-Key has run, and its reply is no longer kept. It was not run again. */
  ERR_REPLY_GONE: 410,
  /** What was done with a process can no longer be undone. */
  ERR_TOO_LATE: 410,
  ERR_MESSAGE_TOO_LARGE: 413,
  /** Another message was sent with the same Idempotency-Key. */
  ERR_KEY_REUSED: 422,
  ERR_MAILBOX_FULL: 429,
  /** The caller gave up. Nobody reads this status; nginx uses it for the same case. */
  ERR_ABORTED: 499,
  /** The module trapped while it handled the message. */
  ERR_TRAPPED: 500,
  /** The module called proc_exit with a code other than 0. */
  ERR_EXITED: 500,
  /** The method returned a value other than 0. */
  ERR_FAILED: 500,
  /** The module trapped with all the memory in use that it may have. */
  ERR_OUT_OF_MEMORY: 500,
  /** The module wrote more than its reply may have. The fault is the module's, so the status is not 502. */
  ERR_REPLY_TOO_LARGE: 500,
  /** The process could not be started. */
  ERR_START: 500,
  ERR_STORAGE: 500,
  ERR_INTERNAL: 500,
  ERR_UNREACHABLE: 502,
  /** The other side ended the call without saying why: the raw dialect, or a connection that breaks off. */
  ERR_RESET: 502,
  /** A stream takes no more: its reader has closed, or its writer has ended it. The reply stands. */
  ERR_NO_READER: 502,
  /** The other peer broke the protocol of the session. */
  ERR_PROTOCOL: 502,
  ERR_NO_TAB: 503,
  ERR_LIVE_LIMIT: 503,
  /** The process was stopped before this message was delivered, or while it ran. */
  ERR_PROC_STOPPED: 503,
  ERR_DEADLINE: 504,
  /** The process has as many keys as its policy allows. */
  ERR_TOO_MANY_KEYS: 507,
  ERR_CYCLE: 508,
} as const

export type ErrorCode = keyof typeof STATUS

/** Where a call failed, as far as it is known. It travels with the failure. */
export interface FailurePlace {
  /** Id of the peer that made the failure. Other peers may have passed it on. */
  peer?: string | undefined
  /** The process that failed, by its opaque name on that peer, as in a call chain. It is no address. */
  process?: string | undefined
  /** The exit code of the program, or the result of its method. Of ERR_EXITED and ERR_FAILED. */
  exitCode?: number | undefined
  /** The last call that the process had made for the message and that failed. It is often the cause. */
  failedCall?: FailedCall | undefined
}

/** A failed call of a process, without words: they are for the process alone. */
export interface FailedCall extends FailurePlace {
  code: ErrorCode
}

/** A failure as JSON, and for another thread. */
export interface FailureMessage extends FailedCall {
  message: string
  stderr?: string | undefined
}

export interface GliaErrorOptions extends ErrorOptions, FailurePlace {
  accepted?: boolean | undefined
  stderr?: string | undefined
}

/** The one error class of Glia. */
export class GliaError extends Error implements FailurePlace {
  override readonly name = 'GliaError'
  readonly code: ErrorCode
  declare peer?: string | undefined
  declare process?: string | undefined
  declare readonly exitCode?: number | undefined
  declare failedCall?: FailedCall | undefined
  /** The end of what the program wrote to stderr for this message, if its policy shows that to the caller. */
  declare stderr?: string | undefined
  /** Set if the policy of the process lists the exit code in `okExits`. For the caller this is no failure. */
  declare readonly accepted?: true
  /** The output of the program before it exited, if the caller collects the reply. */
  declare reply?: Uint8Array

  constructor(code: ErrorCode, message: string, { accepted, ...options }: GliaErrorOptions = {}) {
    super(message, options)
    const { exitCode, peer, process, failedCall, stderr } = options
    this.code = code
    if (exitCode !== undefined) this.exitCode = exitCode
    if (accepted) this.accepted = true
    Object.assign(this, peer !== undefined && { peer, process }, failedCall && { failedCall }, stderr && { stderr })
  }

  /** HTTP status of this failure. */
  get status(): (typeof STATUS)[ErrorCode] {
    return STATUS[this.code]
  }

  toJSON(): FailureMessage {
    const { code, message, exitCode, peer, process, failedCall, stderr } = this
    return { code, message, exitCode, peer, process, failedCall, stderr }
  }
}

/** Whether a value from another thread or peer is an exit code: WASI has 32 bits for it, signed or unsigned. */
export function isExitCode(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= -(2 ** 31) && Number(value) < 2 ** 32
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(STATUS, value)
}

/** The thrown value as a GliaError. A GliaError stays as it is. */
export function toGliaError(thrown: unknown, fallback: ErrorCode = 'ERR_INTERNAL'): GliaError {
  if (thrown instanceof GliaError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new GliaError(fallback, message, { cause: thrown })
}
