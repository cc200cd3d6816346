import { processOf } from '../../glia/instance-key.ts'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import type { Way } from '../../glia/trace/note.ts'
import { calleeWords, callerWords, statusWords, WAY_WORDS } from './call-words.ts'

/** Which calls are shown. An empty text does not choose. */
export interface CallFilter {
  readonly way: '' | Way
  readonly status: '' | 'pending' | 'ok' | 'failed'
  /** PID of a process that called or was called, or of its instance of a key. A process stands for all its instances. */
  readonly process: string
  /** Id of a peer that called, was called, or for which the call was made. */
  readonly peer: string
  /** Each word of it has to be in the call. */
  readonly search: string
}

export const ALL_CALLS: CallFilter = { way: '', status: '', process: '', peer: '', search: '' }

/**
 * @param nameOf The name of a process of this tab.
 * @param known What was found of each call, for this filter and these names. A call that ended stays as it is, so each of
 * 10,000 is looked at once.
 */
export function filtered(
  calls: readonly TracedCall[],
  filter: CallFilter,
  nameOf: (pid: string) => string | undefined,
  known: WeakMap<TracedCall, boolean> = new WeakMap(),
): readonly TracedCall[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0 && Object.values(filter).every((value) => value === '')) return calls
  return calls.filter((call) => {
    let isFit = known.get(call)
    if (isFit === undefined) {
      isFit = fits(call, filter) && (words.length === 0 || hasAll(textOf(call, nameOf), words))
      known.set(call, isFit)
    }
    return isFit
  })
}

function fits(call: TracedCall, { way, status, process, peer }: CallFilter): boolean {
  if (way !== '' && call.way !== way) return false
  if (process !== '' && !isOf(call.pid, process) && !isOf(call.caller, process)) return false
  if (peer !== '' && call.host !== peer && call.caller !== peer && !call.onBehalfOf.includes(peer)) return false
  if (status === '') return true
  return status === 'failed' ? call.status !== 'ok' && call.status !== 'pending' : call.status === status
}

function isOf(pid: string, process: string): boolean {
  return pid === process || processOf(pid) === process
}

/** What the row of a call shows, and ids that it has no room for. */
function textOf(call: TracedCall, nameOf: (pid: string) => string | undefined): string {
  const { method, status, host, pid, caller, trace, failure, way } = call
  const row = [WAY_WORDS[way], callerWords(call, nameOf), calleeWords(call, nameOf), statusWords(call)]
  return [method, status, host, pid, caller, trace, failure?.message, ...row].join(' ').toLowerCase()
}

function hasAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word))
}
