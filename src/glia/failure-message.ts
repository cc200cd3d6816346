import { type FailureMessage, GliaError, isErrorCode, isExitCode } from './errors.ts'
import { fields } from './untrusted.ts'

/** A failure as others tell it. */
export interface ToldFailure extends FailureMessage {
  /** Whether the policy of the process accepts the exit code. */
  accepted?: boolean | undefined
}

/** What others say of a failure besides its code, its sentence and its exit code. */
export type Facts = Omit<FailureMessage, 'code' | 'message' | 'exitCode'>

/**
 * A failure as another peer or thread tells it; undefined if the value is something else.
 * @param readFacts Left out: nobody needs to know them.
 */
export function readFailureMessage(
  value: unknown,
  readFacts?: (given: Readonly<Record<string, unknown>>) => Facts,
): ToldFailure | undefined {
  const given = fields(value)
  const { code, message, exitCode, accepted } = given
  if (!isErrorCode(code) || typeof message !== 'string') return undefined
  return {
    ...readFacts?.(given),
    code,
    message,
    ...(isExitCode(exitCode) && { exitCode, accepted: accepted === true }),
  }
}

export function errorOf(told: ToldFailure): GliaError {
  return new GliaError(told.code, told.message, told)
}
