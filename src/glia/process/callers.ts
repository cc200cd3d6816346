import { isMethodName } from '../address.ts'
import { GliaError } from '../errors.ts'
import { isProcessOrInstance } from '../instance-key.ts'
import { isPeerId } from '../peer-id.ts'
import type { Stream } from '../stream/stream.ts'
import { fields } from '../untrusted.ts'

/**
 * Who may call. `'anyone'`: whoever has the address; a PID is told only to peers to which somebody gave it.
 * `'browser'`: the pages and processes of this browser. A list: this browser, and the peers with these ids.
 */
export type Callers = 'anyone' | 'browser' | readonly string[]

/** Settings of a method, in the place of those of its process. */
export interface MethodPolicy {
  callers: Callers
}

/** The part of a policy that says who may call what. */
export interface CallerPolicy {
  readonly callers: Callers
  readonly methods: Readonly<Record<string, MethodPolicy>>
}

/** Most peers in a list, since each call of another peer looks through it. */
const MAX_PEERS = 1000
/** Most methods with callers of their own: as many as a module may have methods. */
const MAX_METHODS = 1024

/**
 * Whether a caller is a page of this browser, or a process of this tab, whose name is its PID. All other callers are
 * peers.
 */
export function isOfThisBrowser(caller: string): boolean {
  return caller === 'browser' || isProcessOrInstance(caller)
}

/** Who may call a method: its own callers, or else those of its process. */
export function callersOf({ callers, methods }: CallerPolicy, method: string): Callers {
  return Object.hasOwn(methods, method) ? (methods[method]?.callers ?? callers) : callers
}

/** Whether a policy lets a caller call a method. This browser always may: its pages can change the policy anyway. */
export function mayCall(policy: CallerPolicy, caller: string, method: string): boolean {
  const callers = callersOf(policy, method)
  return callers === 'anyone' || isOfThisBrowser(caller) || (callers !== 'browser' && callers.includes(caller))
}

/**
 * The other peers from which a message comes: its caller, and those for which the caller calls. None if only this
 * browser is behind it.
 */
export function strangersOf({ caller, context: { onBehalfOf } }: Stream): readonly string[] {
  return isOfThisBrowser(caller) || onBehalfOf.includes(caller) ? onBehalfOf : [...onBehalfOf, caller]
}

/** @throws {GliaError} ERR_BAD_REQUEST that names the field. */
export function readCallers(key: string, value: unknown): Callers {
  if (value === 'anyone' || value === 'browser') return value
  if (Array.isArray(value) && value.length <= MAX_PEERS && value.every(isPeer)) return [...new Set(value)]
  const wanted = `'anyone', 'browser' or a list of at most ${MAX_PEERS} peer ids`
  throw new GliaError('ERR_BAD_REQUEST', `policy.${key}: give ${wanted}.`)
}

/** @throws {GliaError} ERR_BAD_REQUEST that names the field. */
export function readMethods(value: unknown): Record<string, MethodPolicy> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('give an object by method name')
  const given = Object.entries(value)
  if (given.length > MAX_METHODS) throw wrong(`${MAX_METHODS} methods can have callers of their own`)
  return Object.fromEntries(given.map(([method, policy]) => [method, readMethod(method, policy)]))
}

function readMethod(method: string, value: unknown): MethodPolicy {
  if (!isMethodName(method)) throw wrong(`“${method.slice(0, 100)}” is not the name of a method`)
  const { callers, ...others } = fields(value)
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw wrong(`${method}.${unknown}: there is no such setting`)
  return { callers: readCallers(`methods.${method}.callers`, callers) }
}

function isPeer(value: unknown): value is string {
  return typeof value === 'string' && isPeerId(value)
}

function wrong(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `policy.methods: ${why}.`)
}
