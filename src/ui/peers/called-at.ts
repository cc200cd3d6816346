import { keyIn, processOf } from '../../glia/instance-key.ts'
import type { ListedProcess } from '../../glia/listing.ts'
import { callsOf, type TracedCall } from '../../glia/trace/read-calls.ts'
import type { CallsSource } from '../model.ts'

/** A process of another peer that can be called. */
export interface CallableProcess extends Pick<ListedProcess, 'name' | 'methods' | 'key'> {
  /** PID, or `root`. */
  readonly pid: string
}

/** Processes that are offered. The latest calls count. */
const MAX_PROCESSES = 12

/** The processes of a peer that this tab has called, the one that was called last first. */
export async function calledAt(source: CallsSource, peerId: string): Promise<CallableProcess[]> {
  // Where the browser stores nothing, the calls of this page are all.
  const kept = await source.earlier().catch(() => [])
  const blocks = [...kept, ...source.trace.blocks]
  return processesIn(
    blocks.flatMap((block) => callsOf(block)),
    peerId,
  )
}

/** @param calls The oldest first. */
export function processesIn(
  calls: readonly Pick<TracedCall, 'way' | 'host' | 'pid' | 'method'>[],
  peerId: string,
): CallableProcess[] {
  const found = new Map<string, { methods: Set<string>; hasKeys: boolean }>()
  for (const { way, host, pid, method } of calls.toReversed()) {
    if (way !== 'out' || host !== peerId || pid === 'root') continue
    const process = processOf(pid)
    const known = found.get(process) ?? { methods: new Set(), hasKeys: keyIn(pid) !== undefined }
    found.set(process, known)
    known.methods.add(method)
  }
  return [...found].slice(0, MAX_PROCESSES).map(([pid, { methods, hasKeys }]) => ({
    pid,
    name: 'called before',
    methods: [...methods],
    ...(hasKeys && { key: true }),
  }))
}
