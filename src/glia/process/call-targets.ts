import { type Address, type Aliases, isMethodName, PROTOCOL } from '../address.ts'
import { GliaError } from '../errors.ts'
import { cut, isProcessOrInstance, processOf } from '../instance-key.ts'
import { isPeerId } from '../peer-id.ts'
import { systemPid } from '../pid.ts'

/**
 * Whom a process may call: everybody, or listed addresses. In a listed address `*` stands for any peer, process or
 * method, as in `/ww/0.1.0/self/root/*`. The address of a process stands for its keys too.
 */
export type CallTargets = 'any' | readonly string[]

/** Most addresses in a list, since each call looks through it. */
const MAX_TARGETS = 100
const ANY = '*'
const SYSTEM = 'sys'

/** Whether a process may call an address. @param path As the process typed it, with aliases. */
export function isTarget(targets: CallTargets, path: string, aliases: Aliases): boolean {
  if (targets === 'any') return true
  const wanted = partsOf(path, aliases)
  return wanted !== undefined && targets.some((target) => matches(partsOf(target, aliases), wanted))
}

/** Whether a path is a method of the system process of this peer. */
export function isSystem(path: string, aliases: Aliases): boolean {
  const [host, proc] = partsOf(path, aliases) ?? []
  return host === aliases.self && proc === SYSTEM
}

/** Whether what one target means is a part of what the others mean, as they are written. */
export function isCovered(target: string, by: readonly string[]): boolean {
  const parts = target.split('/')
  return by.some((other) =>
    other
      .split('/')
      .every((part, i) => part === ANY || part === parts[i] || (i === 4 && part === processOf(parts[4] ?? ''))),
  )
}

/** Like {@link isTarget}, for an address without aliases. A part that is left out may have any value. */
export function mayReach(targets: CallTargets, { host, proc, method }: Partial<Address>, aliases: Aliases): boolean {
  if (targets === 'any') return true
  return targets.some((target) => matches(partsOf(target, aliases), [host, proc, method]))
}

/** @throws {GliaError} ERR_BAD_REQUEST */
export function readTargets(value: unknown): CallTargets {
  if (value === 'any') return value
  if (!Array.isArray(value) || value.length > MAX_TARGETS) {
    throw wrong(`give 'any' or a list of at most ${MAX_TARGETS} addresses`)
  }
  const targets = value.map((target: unknown) => (typeof target === 'string' ? target : ''))
  const wrongOne = targets.find((target) => !isPattern(target))
  if (wrongOne === undefined) return targets
  throw wrong(
    `“${wrongOne.slice(0, 200)}” is not an address. Give ${PROTOCOL}/{peer}/{process}/{method}, or “*” for any of its parts`,
  )
}

type Parts = readonly [host: string | undefined, proc: string | undefined, method: string | undefined]

/** The parts of an address, with the aliases of this peer replaced; undefined if it is no address. */
function partsOf(path: string, { self, root }: Aliases): Parts | undefined {
  if (!path.startsWith(`${PROTOCOL}/`)) return undefined
  const [host = '', proc = '', method, ...rest] = path.slice(PROTOCOL.length + 1).split('/')
  if (method === undefined || rest.length > 0) return undefined
  const peer = host === 'self' ? self : host
  const [name, key] = cut(proc)
  const pid = pidOf(name, peer, self, root)
  return [peer, key === undefined ? pid : `${pid}:${key.normalize()}`, method]
}

/** The PID for an alias. The system process stays an alias: the same one may be meant of any peer. */
function pidOf(proc: string, peer: string, self: string, root: string): string {
  if (proc === 'root' && peer === self) return root
  return isPeerId(peer) && proc === systemPid(peer) ? SYSTEM : proc
}

function matches(target: Parts | undefined, wanted: Parts): boolean {
  return (
    target !== undefined &&
    target.every(
      (part, i) =>
        part === ANY || wanted[i] === undefined || part === wanted[i] || (i === 1 && isWithin(part, wanted[i])),
    )
  )
}

/** Whether one is the PID of a process, and the other that of an instance of it. */
function isWithin(part: string | undefined, wanted: string): boolean {
  return part !== undefined && (processOf(wanted) === part || processOf(part) === wanted)
}

function isPattern(value: string): boolean {
  if (!value.startsWith(`${PROTOCOL}/`)) return false
  const [host = '', proc = '', method = '', ...rest] = value.slice(PROTOCOL.length + 1).split('/')
  return (
    rest.length === 0 &&
    (host === 'self' || host === ANY || isPeerId(host)) &&
    (proc === 'root' || proc === SYSTEM || proc === ANY || isProcessOrInstance(proc)) &&
    isMethodName(method)
  )
}

function wrong(why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `policy.callTo: ${why}.`)
}
