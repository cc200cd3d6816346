import { signal } from '@preact/signals'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { Meter } from '../glia/figures/meter.ts'
import { Sampler } from '../glia/figures/sampler.ts'
import type { FiguresSource } from '../ui/model.ts'

export interface FiguresInit {
  meter: Meter
  table: ProcessTable
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
}

/** The samples of this tab and its processes, for its views. Sampling goes on while the page is hidden. */
export class Figures implements FiguresSource {
  readonly version = signal(0)
  readonly sampler: Sampler

  constructor({ meter, table, alive }: FiguresInit) {
    const tell = (): void => {
      if (!document.hidden) this.version.value += 1
    }
    this.sampler = new Sampler({
      meter,
      sources: () => table.entries.map(({ record, proc }) => [record.pid, proc]),
      sampled: tell,
      alive,
    })
    document.addEventListener('visibilitychange', tell, { signal: alive })
  }
}
