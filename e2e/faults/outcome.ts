import { isErrorCode } from '../../src/glia/errors.ts'

/** What a call came to. */
export type Outcome =
  /** Its own reply, whole. */
  | 'ok'
  /** An error with a code of Glia, or what stands for one: a reset of a native stream, an errno of a call by file. */
  | 'typed'
  /** A reply that broke off, and said so. */
  | 'broke'
  /** No end in time. */
  | 'hang'
  /** A part of its reply, which looked whole. */
  | 'cut'
  /** The reply of another call. */
  | 'wrong'
  /** An error without a code. */
  | 'untyped'

/** What a way of calling reports, from whichever process it calls. */
export type Told = { reply: number[] } | { code: string } | { broke: true } | { untyped: string }

/** @param own The message, which is the reply that is right. */
export function judge(told: Told | undefined, own: readonly number[]): { outcome: Outcome; detail?: string } {
  if (told === undefined) return { outcome: 'hang' }
  if ('broke' in told) return { outcome: 'broke' }
  if ('untyped' in told) return { outcome: 'untyped', detail: told.untyped }
  if ('code' in told)
    return isErrorCode(told.code) ? { outcome: 'typed', detail: told.code } : { outcome: 'untyped', detail: told.code }
  const { reply } = told
  if (reply.length > own.length || reply.some((byte, i) => byte !== own[i])) return { outcome: 'wrong' }
  return { outcome: reply.length === own.length ? 'ok' : 'cut' }
}
