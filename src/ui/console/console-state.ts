import type { LogLine } from '../../actors/table/process-log.ts'
import { type Signal, signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'
import type { RunningCall } from './running-call.ts'
import type { Swap } from '../processes/swap.ts'

/** State of the console for one process. It is kept while another process is chosen. */
export class ConsoleState {
  readonly method: Signal<string>
  readonly text = signal('')
  /** A file that is sent instead of the text. */
  readonly file = signal<File | undefined>(undefined)
  /** The last call, which may still run. */
  readonly call = signal<RunningCall | undefined>(undefined)
  /** The last log line that the person has cleared away. */
  readonly clearedUpTo = signal<LogLine | undefined>(undefined)

  /** The restart that the person asked for. */
  readonly restart = new Attempt()
  /** A new version of the module, which the person has not decided on. */
  readonly swap = signal<Swap | undefined>(undefined)

  constructor(methods: readonly string[]) {
    this.method = signal(methods[0] ?? '')
  }

  /** Sets the new version, or clears it. */
  setSwap(swap: Swap | undefined): void {
    this.swap.peek()?.cancel()
    this.swap.value = swap
  }

  /** The lines after those that were cleared away. */
  linesOf(log: readonly LogLine[]): readonly LogLine[] {
    const { value } = this.clearedUpTo
    return value ? log.slice(log.indexOf(value) + 1) : log
  }
}
