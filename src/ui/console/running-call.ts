import { type Signal, signal } from '@preact/signals'
import { GliaError } from '../../glia/errors.ts'
import { failedCallWords } from '../../glia/failure.ts'
import type { CallHandle } from '../model.ts'
import { wordsOf } from '../kit/notices.tsx'
import { ReplyBuffer } from './reply-text.ts'

/** State of the console's last call. */
export interface CallView {
  state: 'running' | 'ok' | 'failed' | 'cancelled'
  text: string
  note: string | undefined
  /** The call ended well, and its output may not have been flushed: nobody can tell from outside. */
  isDoubtful: boolean
  bytes: number
  ms: number
  error: CallError | undefined
}

/** Why the call failed. */
export interface CallError {
  message: string
  code: string | undefined
  /** The end of what the program wrote to stderr. */
  stderr: string | undefined
}

/** A call from the console. It gathers the reply and shows it once per frame, however many chunks arrive. */
export class RunningCall {
  readonly view: Signal<CallView>
  readonly reply = new ReplyBuffer()
  readonly #handle: CallHandle
  readonly #emptyNote: string | undefined
  readonly #began = performance.now()
  #shownSize = -1
  #frame = 0

  /** @param emptyNote What to say if the call ends well without a reply. */
  constructor(handle: CallHandle, emptyNote?: string) {
    this.#handle = handle
    this.#emptyNote = emptyNote
    this.view = signal(this.#look('running'))
    void this.#run()
  }

  cancel(): void {
    this.#handle.cancel()
  }

  async #run(): Promise<void> {
    try {
      for await (const chunk of this.#handle.reply) {
        this.reply.add(chunk)
        this.#frame ||= requestAnimationFrame(() => this.#show('running'))
      }
      this.reply.end()
      this.#show('ok')
    } catch (thrown) {
      const { message, code } = wordsOf(thrown)
      const { failedCall, stderr } = thrown instanceof GliaError ? thrown : {}
      const words = [message, failedCallWords({ failedCall })].filter((each) => each !== undefined).join(' ')
      this.#show(code === 'ERR_ABORTED' ? 'cancelled' : 'failed', { message: words, code, stderr })
    }
  }

  #show(state: CallView['state'], error?: CallView['error']): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    if (state === 'running' && this.#shownSize === this.reply.size) return
    this.#shownSize = this.reply.size
    this.view.value = this.#look(state, error)
  }

  #look(state: CallView['state'], error?: CallView['error']): CallView {
    const { text, size: bytes } = this.reply
    const isDoubtful = state === 'ok' && bytes === 0 && this.#emptyNote !== undefined
    const note = isDoubtful ? this.#emptyNote : this.reply.note
    return { state, text, note, isDoubtful, bytes, ms: performance.now() - this.#began, error }
  }
}
