import { isPeerId } from '../../glia/peer-id.ts'
import type { TracedCall } from '../../glia/trace/read-calls.ts'

/** Who takes part in calls. */
export interface Parties {
  /** PIDs of processes of this tab that called or were called. */
  readonly pids: readonly string[]
  /** Ids of peers that called, were called, or for which a call was made. */
  readonly peers: readonly string[]
}

export const NO_PARTIES: Parties = { pids: [], peers: [] }

/** Counts in how many calls each process and peer takes part, so that nobody has to look at all calls for one new one. */
export class PartyCounts {
  readonly #pids = new Map<string, number>()
  readonly #peers = new Map<string, number>()

  add(call: TracedCall): void {
    count(this.#pids, pidsOf(call), 1)
    count(this.#peers, peersOf(call), 1)
  }

  remove(call: TracedCall): void {
    count(this.#pids, pidsOf(call), -1)
    count(this.#peers, peersOf(call), -1)
  }

  /** Those of the counted calls and of others. @param before What was told last: it is the result if it still holds. */
  with(others: readonly TracedCall[], before: Parties): Parties {
    const pids = named(this.#pids, others.flatMap(pidsOf), before.pids)
    const peers = named(this.#peers, others.flatMap(peersOf), before.peers)
    return pids === before.pids && peers === before.peers ? before : { pids, peers }
  }
}

function named(counts: ReadonlyMap<string, number>, others: readonly string[], before: readonly string[]) {
  const now = new Set([...counts.keys(), ...others])
  return now.size === before.length && before.every((id) => now.has(id)) ? before : [...now]
}

function pidsOf({ way, pid, caller }: TracedCall): string[] {
  const isOwn = caller !== '' && caller !== 'browser' && !isPeerId(caller)
  return [...(way === 'in' ? [pid] : []), ...(isOwn ? [caller] : [])]
}

function peersOf({ host, caller, onBehalfOf }: TracedCall): string[] {
  return [host, caller, ...onBehalfOf].filter(isPeerId)
}

function count(counts: Map<string, number>, ids: readonly string[], by: 1 | -1): void {
  for (const id of ids) {
    const now = (counts.get(id) ?? 0) + by
    if (now > 0) counts.set(id, now)
    else counts.delete(id)
  }
}
