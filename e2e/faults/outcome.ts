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

/** A message: its number in four bytes, and then a pattern that depends on the number. */
export interface Message {
  readonly number: number
  readonly bytes: number
}

/** What a way of calling reports, from whichever process it calls. `same`: the reply is the message, or the start of it. */
export type Told = { bytes: number; same: boolean } | { code: string } | { broke: true } | { untyped: string }

/** The right reply is the message itself. */
export function judge(told: Told | undefined, own: Message): { outcome: Outcome; detail?: string } {
  if (told === undefined) return { outcome: 'hang' }
  if ('broke' in told) return { outcome: 'broke' }
  if ('untyped' in told) return { outcome: 'untyped', detail: told.untyped }
  if ('code' in told)
    return isErrorCode(told.code) ? { outcome: 'typed', detail: told.code } : { outcome: 'untyped', detail: told.code }
  if (!told.same || told.bytes > own.bytes) return { outcome: 'wrong' }
  return { outcome: told.bytes === own.bytes ? 'ok' : 'cut' }
}
