import { isMethodName } from '../../glia/address.ts'
import { isErrorCode } from '../../glia/errors.ts'
import { cleanText } from '../../glia/peer-name.ts'
import { isPid } from '../../glia/pid.ts'
import type { Exit, ExitReason } from '../../glia/process/exit.ts'
import { makePolicy, type Policy } from '../../glia/process/policy.ts'
import { makeRestart, type Restart } from '../../glia/process/restart.ts'
import { fields } from '../../glia/untrusted.ts'
import type { ErrorView, ProcessView } from '../model.ts'

/** What another peer may send is longer than anything that it shows. */
const MAX_PROCESSES = 10_000
const MAX_METHODS = 1024
const MAX_TEXT = 200
const MAX_LINE = 4096
const MAX_ARGS = 1024
const MAX_EXITS = 100
/** Latest time that a date can be. */
const MAX_TIME = 8.64e15

/** Written so that a new state is not forgotten here. */
const STATES: Readonly<Record<ProcessView['state'], true>> = {
  cold: true,
  hibernated: true,
  starting: true,
  idle: true,
  busy: true,
  backoff: true,
  dead: true,
}

/**
 * The processes of another peer, as its system process lists them. Wrong entries are left out.
 * @param host Id of the peer.
 */
export function readProcesses(value: unknown, host?: string): ProcessView[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, MAX_PROCESSES).flatMap((each) => readProcess(fields(each), host) ?? [])
}

function readProcess(told: Record<string, unknown>, host: string | undefined): ProcessView | undefined {
  const { pid, name, cid, state, methods, why, description } = told
  const policy = readPolicy(told['policy'])
  if (typeof pid !== 'string' || !isPid(pid) || typeof name !== 'string' || !isState(state) || !policy) return undefined
  return {
    pid,
    host,
    name: cleanText(name, MAX_TEXT) || pid,
    root: told['root'] === true,
    cid: typeof cid === 'string' ? cid.slice(0, MAX_TEXT) : '',
    methods: Array.isArray(methods) ? methods.slice(0, MAX_METHODS).filter(isMethod) : [],
    state,
    messages: count(told['messages']) ?? 0,
    waiting: count(told['queued']) ?? 0,
    p50Ms: count(told['p50Ms']),
    memoryBytes: count(told['memoryBytes']),
    hasKeys: count(told['keys']) !== undefined,
    keys: count(told['keys']),
    moduleBytes: count(told['moduleBytes']) ?? 0,
    description: typeof description === 'string' ? description.slice(0, MAX_LINE) : undefined,
    args: readTexts(told['args']),
    env: Object.fromEntries(
      Object.entries(fields(told['env']))
        .slice(0, MAX_ARGS)
        .flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
    ),
    policy,
    restart: readRestart(told['restart']),
    backoffUntil: count(told['backoffUntil']),
    death: typeof why === 'string' ? why.slice(0, MAX_LINE) : undefined,
    exits: readExits(told['exits']),
    ties: [],
    lastError: readError(told['lastError']),
    // Only newer peers tell.
    persisted: told['persisted'] !== false,
  }
}

export function isState(value: unknown): value is ProcessView['state'] {
  return typeof value === 'string' && Object.hasOwn(STATES, value)
}

/** A number that is not negative. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

/** A time in ms since the epoch. */
export function time(value: unknown): number | undefined {
  const ms = count(value)
  return ms === undefined || ms > MAX_TIME ? undefined : ms
}

/** A policy of a newer version may have more. Then the process cannot be shown rightly. */
function readPolicy(value: unknown): Policy | undefined {
  try {
    return makePolicy(fields(value))
  } catch {
    return undefined
  }
}

/** Older peers do not tell. A newer one may tell more. */
function readRestart(value: unknown): Restart {
  try {
    return makeRestart(value)
  } catch {
    return makeRestart()
  }
}

function readExits(value: unknown): Exit[] {
  if (!Array.isArray(value)) return []
  return value.slice(-MAX_EXITS).flatMap((each): Exit[] => {
    const { at, method, reason, final } = fields(each)
    const read = readReason(fields(reason))
    const when = time(at)
    if (when === undefined || !read) return []
    return [{ at: when, ...(isMethod(method) && { method }), reason: read, final: final === true }]
  })
}

function readReason({ type, code, message, frames, pid }: Record<string, unknown>): ExitReason | undefined {
  if (type === 'exited') return typeof code === 'number' ? { type, code } : undefined
  if (typeof message !== 'string') return undefined
  const words = message.slice(0, MAX_LINE)
  if (type === 'trapped' || type === 'memory') return { type, message: words, frames: readTexts(frames) }
  if (type === 'deadline' || type === 'start' || type === 'killed') return { type, message: words }
  if (type === 'linked') return { type, pid: String(pid).slice(0, MAX_TEXT), message: words }
  return undefined
}

function readError(value: unknown): ErrorView | undefined {
  const { code, message, at } = fields(value)
  const when = time(at)
  if (!isErrorCode(code) || typeof message !== 'string' || when === undefined) return undefined
  return { code, message: message.slice(0, MAX_LINE), at: when }
}

function readTexts(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, MAX_ARGS).flatMap((each) => (typeof each === 'string' ? [each.slice(0, MAX_LINE)] : []))
}

function isMethod(value: unknown): value is string {
  return typeof value === 'string' && isMethodName(value)
}
