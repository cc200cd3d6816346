import type { LogLine } from '../../actors/table/process-log.ts'
import { type Signal, signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'
import { typed } from '../kit/typed.ts'
import type { MessageFormat } from './message-format.ts'
import type { RunningCall } from './running-call.ts'
import type { Swap } from '../processes/swap.ts'

/** Messages that can be brought back. */
const MAX_HISTORY = 50

interface Typed {
  text: string
  format: MessageFormat
}

/** State of the console for one process. It is kept while another process is chosen. */
export class ConsoleState {
  readonly method: Signal<string>
  /** The key whose instance is called, of a process that has one for each. */
  readonly key: Signal<string>
  /** An address that is called instead of the process. */
  readonly elsewhere: Signal<string | undefined>
  readonly text: Signal<string>
  readonly format: Signal<MessageFormat>
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
  /** The messages that were sent, the newest last. */
  #history: readonly Typed[] = []
  /** Place of the message that was brought back; the length of the history: none was. */
  #at = 0
  /** What was in the box before the first one was brought back. */
  #draft: Typed = { text: '', format: 'text' }

  /** @param name Of the process, another one for each: its PID, with its peer id if another peer has it. */
  constructor(name: string, methods: readonly string[]) {
    this.method = typed.of(`method of ${name}`, methods[0] ?? '')
    this.key = typed.of(`key of ${name}`, '')
    this.elsewhere = typed.of<string | undefined>(`address at ${name}`, undefined)
    this.text = typed.of(`message to ${name}`, '')
    this.format = typed.of<MessageFormat>(`format for ${name}`, 'text')
  }

  /** Sets the new version, or clears it. */
  setSwap(swap: Swap | undefined): void {
    this.swap.peek()?.cancel()
    this.swap.value = swap
  }

  /** Keeps the text of the message, which is being sent. The same text twice is kept once. */
  remember(): void {
    const sent = { text: this.text.peek(), format: this.format.peek() }
    const others = this.#history.filter(({ text }) => text !== sent.text)
    if (sent.text !== '') this.#history = [...others, sent].slice(-MAX_HISTORY)
    this.#at = this.#history.length
  }

  /**
   * Puts another message of the history into the box: -1 an earlier one, 1 a later one. After the last one comes what
   * was typed before.
   * @returns false if there is none.
   */
  recall(step: -1 | 1): boolean {
    const now = { text: this.text.peek(), format: this.format.peek() }
    // A message that was changed is a new one.
    if (this.#history[this.#at]?.text !== now.text && this.#at < this.#history.length) this.#at = this.#history.length
    if (this.#at === this.#history.length) this.#draft = now
    const to = this.#at + step
    const found = to === this.#history.length ? this.#draft : this.#history[to]
    if (!found) return false
    this.#at = to
    this.text.value = found.text
    this.format.value = found.format
    return true
  }

  /** The lines after those that were cleared away. */
  linesOf(log: readonly LogLine[]): readonly LogLine[] {
    const { value } = this.clearedUpTo
    return value ? log.slice(log.indexOf(value) + 1) : log
  }
}
