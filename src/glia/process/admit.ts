import { callersOf, mayCall, strangersOf } from './callers.ts'
import { GliaError } from '../errors.ts'
import { keyIn } from '../instance-key.ts'
import type { Policy } from './policy.ts'
import { messageTooLarge } from './proc-message.ts'
import type { Stream } from '../stream/stream.ts'

/** The facts about a process by which a call is admitted before it gets a turn. */
interface Callee {
  readonly pid: string
  /** Whether it has an instance for each key. */
  readonly hasKeys: boolean
  readonly name: string
  readonly policy: Policy
  readonly methods: readonly string[]
}

/** @throws {GliaError} ERR_DENIED, ERR_BAD_ADDRESS, ERR_NO_METHOD or ERR_MESSAGE_TOO_LARGE if the process does not accept the call. */
export function admit(stream: Stream, callee: Callee): void {
  checkCallers(stream, callee.policy)
  checkKey(stream, callee)
  checkMethod(stream, callee)
  if ((stream.expectedBytes ?? 0) > callee.policy.maxMessageBytes) throw messageTooLarge(callee.policy)
}

/**
 * Whether the raw dialect takes calls of a method, for its negotiation. The negotiation does not know who asks. So a
 * process that is closed to other peers looks as if it did not exist. A process with a list of callers takes the stream
 * whether it has the method or not: a peer that is not on the list learns nothing about the process.
 */
export function isServed(callee: Pick<Callee, 'policy' | 'methods'> | undefined, method: string): boolean {
  if (!callee) return false
  const callers = callersOf(callee.policy, method)
  if (callers === 'anyone') return callee.methods.includes(method)
  return callers !== 'browser' && callers.length > 0
}

/** The methods that a caller, and everybody for whom it calls, may call. */
export function methodsFor(
  { policy, methods }: Pick<Callee, 'policy' | 'methods'>,
  callers: readonly string[],
): string[] {
  return methods.filter((method) => callers.every((caller) => mayCall(policy, caller, method)))
}

/** Everybody for whom the call is made must be allowed. This peer itself is: it may call all of its processes. */
function checkCallers(stream: Stream, policy: Policy): void {
  const { caller, destination, methodName } = stream
  if (!mayCall(policy, caller, methodName)) {
    throw new GliaError(
      'ERR_DENIED',
      `The caller, ${caller}, may not call this: the policy of the process does not list it.`,
    )
  }
  for (const peer of stream.context.onBehalfOf) {
    if (peer === destination || mayCall(policy, peer, methodName)) continue
    throw new GliaError('ERR_DENIED', `The call is made for ${peer}, which the policy of the process does not list.`)
  }
}

/** Which instance is meant must be clear: there is no instance without a key, and no key without instances. */
function checkKey({ procId }: Stream, { pid, name, hasKeys }: Callee): void {
  const hasKey = keyIn(procId) !== undefined
  if (hasKey ? hasKeys || procId === pid : !hasKeys) return
  const why = hasKey
    ? 'has no keys: leave the key out of the address'
    : 'has an instance for each key: put a key behind its PID, as in {pid}:{key}, or over HTTP ?key=… behind the address'
  throw new GliaError('ERR_BAD_ADDRESS', `${name} ${why}.`)
}

/** A method that a caller may not call is not named to it. */
function checkMethod(stream: Stream, callee: Pick<Callee, 'name' | 'policy' | 'methods'>): void {
  const { name, methods } = callee
  if (methods.includes(stream.methodName)) return
  const callable = methodsFor(callee, strangersOf(stream))
  const has = callable.length > 0 ? `It has: ${callable.join(', ')}.` : 'It has none that the caller may call.'
  throw new GliaError('ERR_NO_METHOD', `${name} has no method “${stream.methodName}”. ${has}`)
}
