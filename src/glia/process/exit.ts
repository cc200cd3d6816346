import { GliaError } from '../errors.ts'

/** Why an instance, or the process itself, ended. */
export type ExitReason =
  /** The guest called proc_exit. */
  | { readonly type: 'exited'; readonly code: number }
  /** `frames`: the places in the module, innermost first, with the names of its name section. */
  | { readonly type: 'trapped'; readonly message: string; readonly frames: readonly string[] }
  /** A trap with all the memory in use that it may have. */
  | { readonly type: 'memory'; readonly message: string; readonly frames: readonly string[] }
  /** It ran past its deadline, or took too long to start, and was stopped. */
  | { readonly type: 'deadline'; readonly message: string }
  /** It could not be started. */
  | { readonly type: 'start'; readonly message: string }
  /** Its owner, or a newer version of the app, ended it. */
  | { readonly type: 'killed'; readonly message: string }
  /** A linked process ended abnormally. */
  | { readonly type: 'linked'; readonly pid: string; readonly message: string }

/** The end of an instance, as it is kept and shown. */
export interface Exit {
  /** ms since the epoch. */
  readonly at: number
  /** Method that ran; undefined between two messages. */
  readonly method?: string | undefined
  readonly reason: ExitReason
  /** Whether the process does not come back by itself. */
  readonly final: boolean
  /** The instance was that of one message: its end is not one of the process. Left out: false. */
  readonly isAlone?: boolean
}

/** Every reason but proc_exit(0) (OTP: any reason other than `normal`). */
export function isAbnormal(reason: ExitReason): boolean {
  return reason.type !== 'exited' || reason.code !== 0
}

/**
 * The reason of a failed start, if the process is at fault.
 * @param signal The signal of the start. Its reason is the caller's, whatever code it has: another peer chooses that.
 * @param late The reason of the signal when the start takes too long.
 */
export function startFailure(
  thrown: unknown,
  signal: AbortSignal | undefined,
  late?: GliaError,
): ExitReason | undefined {
  if (!(thrown instanceof GliaError)) return undefined
  const { code, message } = thrown
  if (thrown === late) return { type: 'deadline', message }
  if (thrown === signal?.reason) return undefined
  // ERR_STORAGE: the module cannot be read.
  return code === 'ERR_START' || code === 'ERR_STORAGE' ? { type: 'start', message } : undefined
}

/** A reason for people, without a full stop. */
export function exitText(reason: ExitReason): string {
  switch (reason.type) {
    case 'exited':
      return `exited with code ${reason.code}`
    case 'trapped':
      return `trapped: ${where(reason)}`
    case 'memory':
      return `out of memory: ${where(reason)}`
    default:
      return unstopped(reason.message)
  }
}

function where({ message, frames: [innermost] }: { message: string; frames: readonly string[] }): string {
  return innermost === undefined ? unstopped(message) : `${unstopped(message)} ${innermost}`
}

function unstopped(message: string): string {
  return message.replace(/\.$/, '')
}
