import { isMethodName } from './address.ts'
import { methodsFor } from './process/admit.ts'
import { cancellation } from './cancel.ts'
import { GliaError } from './errors.ts'
import { isPeerId } from './peer-id.ts'
import { cleanText } from './peer-name.ts'
import { orAborted } from './wait/or-aborted.ts'
import { isPid, type Pid } from './pid.ts'
import type { Policy } from './process/policy.ts'
import { fields } from './untrusted.ts'

/** A process that a peer lists to others. */
export interface ListedProcess {
  pid: Pid
  name: string
  /** The methods that the asking peer may call. */
  methods: readonly string[]
  /** Whether it has an instance for each key. An address names one, as `{pid}:{key}`. */
  key?: boolean | undefined
}

/** Asks a peer which of its processes it lists to this one. */
export type AskListing = (peer: string, signal: AbortSignal) => Promise<readonly ListedProcess[]>

/** Time that a peer has to list its processes, in ms. It may have to be dialled first. */
const LISTING_MS = 15_000

/** What is read of a process to list it. */
interface Listable extends Omit<ListedProcess, 'methods'> {
  readonly policy: Policy
  readonly methods: readonly string[]
}

/** Largest list that is sent or read, in characters. Processes that do not fit are left out. */
export const MAX_LISTING = 64 * 1024
const MAX_PROCESSES = 256
const MAX_NAME = 100
const MAX_METHODS = 64

/** The processes whose policy lists them, with the methods that the asking peer may call. */
export function listingFor(asker: string, procs: Iterable<Listable>): ListedProcess[] {
  const listed: ListedProcess[] = []
  let room = MAX_LISTING - 2
  for (const { pid, name, policy, methods, key } of procs) {
    if (!policy.listed) continue
    const callable = methodsFor({ policy, methods }, [asker]).slice(0, MAX_METHODS)
    const process = { pid, name: name.slice(0, MAX_NAME), methods: callable, ...(key && { key }) }
    room -= JSON.stringify(process).length + 1
    if (room < 0 || listed.length === MAX_PROCESSES) break
    if (callable.length > 0) listed.push(process)
  }
  return listed
}

/**
 * Asks a peer, and waits a limited time for its answer.
 * @throws {GliaError} ERR_BAD_ADDRESS if the text is no peer id; ERR_DEADLINE; ERR_ABORTED if the signal aborts; the
 * error of asking.
 */
export async function askInTime(
  ask: AskListing,
  peer: string,
  signal?: AbortSignal,
): Promise<readonly ListedProcess[]> {
  if (!isPeerId(peer)) throw new GliaError('ERR_BAD_ADDRESS', 'Give a peer id, such as 12D3Koo….')
  const late = AbortSignal.timeout(LISTING_MS)
  const given = signal ? AbortSignal.any([signal, late]) : late
  try {
    return await orAborted(ask(peer, given), given)
  } catch (thrown) {
    if (signal?.aborted) throw cancellation('The caller gave up.', signal.reason)
    if (!late.aborted) throw thrown
    const words = `${peer} did not say in ${LISTING_MS / 1000} s which processes it lists.`
    throw new GliaError('ERR_DEADLINE', words, { cause: thrown })
  }
}

/** Reads the list of another peer. Wrong entries are left out. @throws {SyntaxError} if it is no JSON. */
export function readListing(text: string): ListedProcess[] {
  const list: unknown = JSON.parse(text)
  if (!Array.isArray(list)) return []
  return list.slice(0, MAX_PROCESSES).flatMap((given: unknown) => {
    const { pid, name, methods, key } = fields(given)
    if (typeof pid !== 'string' || !isPid(pid) || typeof name !== 'string' || !Array.isArray(methods)) return []
    const named = methods.filter((method): method is string => typeof method === 'string' && isMethodName(method))
    const process = { pid, name: cleanText(name, MAX_NAME), methods: named.slice(0, MAX_METHODS) }
    return [key === true ? { ...process, key } : process]
  })
}
