import { chainNameOf } from '../chain-name.ts'
import { isErrorCode } from '../errors.ts'
import { isPeerId } from '../peer-id.ts'
import { mayCall } from '../process/callers.ts'
import type { Policy } from '../process/policy.ts'
import { fields } from '../untrusted.ts'
import { MAX_ANSWER, MAX_TOLD } from './limits.ts'
import { pendingCall, type TracedCall } from './read-calls.ts'
import { type Note, type Way, WAYS } from './note.ts'
import { type Wait, waitsOf } from './waiting.ts'

/** Longest name in an answer, in UTF-16 units: a peer id and a hash, or a method. */
const MAX_NAME = 256
/** Longest time in an answer, in ms: four weeks. */
const MAX_MS = 4 * 7 * 24 * 3600 * 1000

/** A call, as a peer tells others of it. Processes have their names in chains, which are no addresses. */
export interface ToldCall {
  readonly way: Way
  /** The calling process, or the calling peer if no process called or none is known. */
  readonly from: string
  /** The called process. */
  readonly to: string
  readonly method: string
  readonly status: TracedCall['status']
  /** How long ago it began, in ms: the clocks of two peers differ. */
  readonly agoMs: number
  readonly networkMs: number
  readonly queueMs: number
  readonly ms: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What a peer tells of a trace. */
export interface ToldTrace {
  readonly calls: readonly ToldCall[]
  /** For whom the called processes wait now, if told calls to them are under way, as far as the asking peer may know. */
  readonly waits: readonly Wait[]
}

export interface TellInit {
  /** Id of this peer. */
  readonly self: string
  readonly asker: string
  /** The calls of the trace. */
  readonly calls: readonly TracedCall[]
  /** All calls under way, of any trace. */
  readonly pending: Iterable<Note>
  /** The policy of a process of this peer. */
  policyOf(pid: string): Policy | undefined
}

/** What the asking peer may know: the calls in which it took part, and those that a policy shows it. */
export function toldTrace(init: TellInit): ToldTrace {
  const { self, calls } = init
  const now = Date.now()
  const told = calls
    .filter((call) => mayKnow(call, init))
    .slice(-MAX_TOLD)
    .map((call) => tellCall(self, call, now))
  const shown = waitsBehind(told, init)
  while (told.length > 0 && JSON.stringify({ calls: told, waits: shown }).length > MAX_ANSWER) told.shift()
  return { calls: told, waits: shown }
}

/**
 * The waits of the processes here for which the told calls wait. A wait is a call, so it is told of those that the
 * asking peer may know, and besides of those for a process of this peer or of the asking one.
 */
function waitsBehind(told: readonly ToldCall[], init: TellInit): Wait[] {
  const { self, asker, pending } = init
  const waitedFor = new Set(told.filter(({ way, status }) => way === 'in' && status === 'pending').map(({ to }) => to))
  if (waitedFor.size === 0) return []
  const now = performance.now()
  const waits: Wait[] = []
  for (const note of pending) {
    const ofCall = waitsOf([note], chainNameOf, self).filter(({ from }) => waitedFor.has(from))
    if (ofCall.length === 0) continue
    const all = mayKnow(pendingCall(note, now), init)
    waits.push(...ofCall.filter(({ to }) => all || to.startsWith(`${self}/`) || to.startsWith(`${asker}/`)))
    if (waits.length >= MAX_TOLD) break
  }
  return waits.slice(0, MAX_TOLD)
}

function mayKnow(call: TracedCall, { asker, policyOf }: TellInit): boolean {
  return tookPart(asker, call) || isShown(asker, call, policyOf)
}

function tookPart(asker: string, { caller, host, onBehalfOf }: TracedCall): boolean {
  return caller === asker || host === asker || onBehalfOf.includes(asker)
}

function isShown(asker: string, { way, caller, pid, method }: TracedCall, policyOf: TellInit['policyOf']): boolean {
  const policy = policyOf(way === 'in' ? pid : caller)
  return policy !== undefined && mayCall({ callers: policy.traceTo, methods: {} }, asker, method)
}

/** The calling process by its name in chains; the peer alone if no process called. */
export function fromOf(self: string, { way, caller, chain }: TracedCall): string {
  const link = chain.at(-1)
  if (caller === 'browser') return link ?? self
  if (!isPeerId(caller)) return chainNameOf(self, caller)
  return way !== 'out' && link?.startsWith(`${caller}/`) === true ? link : caller
}

function tellCall(self: string, call: TracedCall, now: number): ToldCall {
  const { way, host, pid, method, status, at, parts, ms, bytesIn, bytesOut } = call
  return {
    way,
    from: fromOf(self, call),
    to: chainNameOf(host, pid),
    method,
    status,
    agoMs: Math.max(0, now - at),
    networkMs: parts.network,
    queueMs: parts.queue,
    ms,
    bytesIn,
    bytesOut,
  }
}

/**
 * Reads what a peer told. Entries that are not valid are left out. @throws {SyntaxError} if it is no JSON.
 */
export function readToldTrace(text: string): ToldTrace {
  const { calls, waits } = fields(JSON.parse(text) as unknown)
  return { calls: listOf(calls).flatMap(readCall), waits: listOf(waits).flatMap(readWait) }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_TOLD) : []
}

function readCall(value: unknown): ToldCall[] {
  const { way, from, to, method, status, agoMs, networkMs, queueMs, ms, bytesIn, bytesOut } = fields(value)
  if (!isWay(way) || !isName(from) || !isName(to) || !isName(method) || !isStatus(status)) return []
  if (!isTime(agoMs) || !isTime(networkMs) || !isTime(queueMs) || !isTime(ms)) return []
  if (!isCount(bytesIn) || !isCount(bytesOut)) return []
  return [{ way, from, to, method, status, agoMs, networkMs, queueMs, ms, bytesIn, bytesOut }]
}

function isWay(value: unknown): value is Way {
  return WAYS.some((each) => each === value)
}

function readWait(value: unknown): Wait[] {
  const { from, to } = fields(value)
  return isName(from) && isName(to) ? [{ from, to }] : []
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME
}

function isStatus(value: unknown): value is ToldCall['status'] {
  return value === 'ok' || value === 'pending' || isErrorCode(value)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_MS
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
