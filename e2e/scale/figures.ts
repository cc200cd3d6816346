import type { Relay } from '../mesh.ts'

/** What a relay says about itself at `/metrics`. Counters count from its start. */
export interface Figures {
  cpuSeconds: number
  /** Objects and buffers, with the garbage that was not collected yet. */
  heapBytes: number
  residentBytes: number
  /** On the wire, both directions. */
  wireBytes: number
  connections: number
  reservations: number
  refused: Record<string, number>
}

export async function figuresOf({ url }: Relay): Promise<Figures> {
  const text = await (await fetch(new URL('metrics', url))).text()
  const all = [...text.matchAll(/^(\w+)(?:\{(.*?)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name,
    labels,
    value: Number(value),
  }))
  const sum = (name: string): number =>
    all.filter((each) => each.name === name).reduce((total, { value }) => total + value, 0)
  const refusals = all.filter(({ name }) => name === 'glia_refused_total')
  return {
    cpuSeconds: sum('process_cpu_seconds_total'),
    heapBytes: sum('nodejs_heap_size_used_bytes') + sum('nodejs_external_memory_bytes'),
    residentBytes: sum('process_resident_memory_bytes'),
    wireBytes: sum('glia_libp2p_bytes_total'),
    connections: sum('glia_connections'),
    reservations: sum('glia_reservations'),
    refused: Object.fromEntries(refusals.map(({ labels, value }) => [labels, value])),
  }
}

/** The figures of several relays as those of one. */
export function added(all: readonly Figures[]): Figures {
  const sum = (of: (each: Figures) => number): number => all.reduce((total, each) => total + of(each), 0)
  const refused: Record<string, number> = {}
  for (const each of all)
    for (const [what, count] of Object.entries(each.refused)) refused[what] = (refused[what] ?? 0) + count
  return {
    cpuSeconds: sum((each) => each.cpuSeconds),
    heapBytes: sum((each) => each.heapBytes),
    residentBytes: sum((each) => each.residentBytes),
    wireBytes: sum((each) => each.wireBytes),
    connections: sum((each) => each.connections),
    reservations: sum((each) => each.reservations),
    refused,
  }
}
