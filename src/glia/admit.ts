import { GliaError } from './errors.ts'
import { mayCall, type Policy } from './policy.ts'
import { messageTooLarge } from './proc-message.ts'
import type { Stream } from './stream.ts'

/** What a call is measured by before it gets a turn. */
interface Door {
  readonly name: string
  readonly policy: Policy
  readonly methods: readonly string[]
}

/** @throws {GliaError} ERR_DENIED, ERR_NO_METHOD or ERR_MESSAGE_TOO_LARGE if the process does not take the call. */
export function admit(stream: Stream, door: Door): void {
  if (!mayCall(door.policy, stream.caller)) {
    throw new GliaError('ERR_DENIED', `${stream.caller} may not call this process: it is not on its list of callers.`)
  }
  checkMethod(stream.methodName, door)
  if ((stream.expectedBytes ?? 0) > door.policy.maxMessageBytes) throw messageTooLarge(door.policy)
}

/** @throws {GliaError} ERR_NO_METHOD */
export function checkMethod(method: string, { name, methods }: Door): void {
  if (methods.includes(method)) return
  throw new GliaError('ERR_NO_METHOD', `${name} has no method “${method}”. It has: ${methods.join(', ')}.`)
}
