import { isMethodName } from '../address.ts'
import { GliaError } from '../errors.ts'
import { isPeerId } from '../peer-id.ts'
import { isPid } from '../pid.ts'
import type { Stream } from '../stream/stream.ts'
import { fields } from '../untrusted.ts'

/**
 * Who may call. `'anyone'` is whoever has the address: nothing tells a PID to a peer to which it was not given. `'browser'` is
 * the pages and processes of this browser. A list has the ids of peers that may call besides this browser.
 */
export type Callers = 'anyone' | 'browser' | readonly string[]

/** What a method has of its own, in place of what its process has. */
export interface MethodPolicy {
  callers: Callers
}

/** The part of a policy that says who may call what. */
export interface CallerPolicy {
  readonly callers: Callers
  readonly methods: Readonly<Record<string, MethodPolicy>>
}

/** Peers in a list. Each call of another peer looks through it. */
const MAX_PEERS = 1000
/** Methods with callers of their own: as many as a module may have methods. */
const MAX_METHODS = 1024

/** Whether a caller is a page of this browser, or a process of this tab, which is named by its PID. All others are peers. */
export function isOfThisBrowser(caller: string): boolean {
  return caller === 'browser' || isPid(caller)
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

/** The peers from which a message comes: its caller, and those for which that one calls. None if it is of this browser alone. */
export function strangersOf({ caller, context: { onBehalfOf } }: Stream): readonly string[] {
  return isOfThisBrowser(caller) || onBehalfOf.includes(caller) ? onBehalfOf : [...onBehalfOf, caller]
}

/** @throws {GliaError} ERR_BAD_REQUEST naming the field. */
export function readCallers(key: string, value: unknown): Callers {
  if (value === 'anyone' || value === 'browser') return value
  if (Array.isArray(value) && value.length <= MAX_PEERS && value.every(isPeer)) return [...new Set(value)]
  const wanted = `'anyone', 'browser' or a list of at most ${MAX_PEERS} peer ids`
  throw new GliaError('ERR_BAD_REQUEST', `policy.${key}: give ${wanted}.`)
}

/** @throws {GliaError} ERR_BAD_REQUEST naming the field. */
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
