import type { LogLine } from '../../actors/table/process-log.ts'
import { type Signal, signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'
import type { RunningCall } from './running-call.ts'
import type { Swap } from '../processes/swap.ts'

/** What the console remembers of a process while another one is chosen. */
export class ConsoleState {
  readonly method: Signal<string>
  readonly text = signal('')
  /** A file that is sent instead of the text. */
  readonly file = signal<File | undefined>(undefined)
  /** The last call, which may still run. */
  readonly call = signal<RunningCall | undefined>(undefined)
  /** The last line of the log that was cleared away. */
  readonly clearedUpTo = signal<LogLine | undefined>(undefined)

  /** To start the process again by hand. */
  readonly restart = new Attempt()
  /** A new version of its module that is looked at. */
  readonly swap = signal<Swap | undefined>(undefined)

  constructor(methods: readonly string[]) {
    this.method = signal(methods[0] ?? '')
  }

  /** A new version is given, or nothing any more. */
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
