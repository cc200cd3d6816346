import { signal } from '@preact/signals'
import type { Span } from '../../glia/figures/series.ts'
import { TableState } from '../kit/virtual-table.tsx'

/** How charts are shown. It outlives the view, and is the same for the tab and its processes. */
export class ChartsState {
  readonly span = signal<Span>('minutes')
  readonly isTable = signal(false)
  readonly table = new TableState('charts')
  /** Key of the row that was last chosen. */
  readonly chosen = signal<string | undefined>(undefined)
}
