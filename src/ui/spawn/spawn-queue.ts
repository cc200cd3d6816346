import { signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'
import type { GivenPolicy } from '../../glia/process/policy.ts'
import type { Draft } from '../model.ts'
import { type FormErrors, newForm, readForm, type SpawnForm } from './spawn-form.ts'

/** A file whose sheet is shown. */
export interface Sheet {
  draft: Draft
  attempt: Attempt
  /** The position of the file among the given ones, from 1. */
  at: number
}

export interface SpawnQueueInit {
  draft: (file: File) => Draft
  /** Of new processes. Left out: that of this browser. */
  policy?: GivenPolicy | undefined
  /** Called when a process was made. */
  started: (pid: string) => void
}

/** Files that were given and are not processes yet. The sheet of the first one is shown; the others wait. */
export class SpawnQueue {
  readonly sheet = signal<Sheet | undefined>(undefined)
  readonly form = signal<SpawnForm>(newForm(''))
  readonly errors = signal<FormErrors>({})
  /** Files without a sheet so far. */
  readonly waiting = signal<readonly File[]>([])
  readonly #init: SpawnQueueInit
  /** Whether the waiting files start with the settings of this one. */
  #all = false

  constructor(init: SpawnQueueInit) {
    this.#init = init
  }

  add(files: readonly File[]): void {
    this.waiting.value = [...this.waiting.value, ...files]
    if (!this.sheet.peek()) this.#next(1)
  }

  edit(changes: Partial<SpawnForm>): void {
    this.form.value = { ...this.form.value, ...changes }
    if (Object.keys(this.errors.value).length === 0) return
    // The fields are checked again: the person has changed something.
    const read = readForm(this.form.value)
    this.errors.value = 'errors' in read ? read.errors : {}
  }

  /**
   * Makes a process of the file as the form says, then shows the next file. @param all Uses the same settings for the
   * other files.
   */
  async start(all: boolean): Promise<void> {
    const sheet = this.sheet.peek()
    if (!sheet || sheet.attempt.since.peek() !== undefined || sheet.draft.step.peek().stage === 'refused') return
    const read = readForm(this.form.peek())
    this.errors.value = 'errors' in read ? read.errors : {}
    if ('errors' in read) return
    this.#all ||= all
    let pid: string | undefined
    await sheet.attempt.run(async (cancelled) => {
      pid = await sheet.draft.spawn(read.options, cancelled)
    })
    if (pid !== undefined) this.#init.started(pid)
    if (pid !== undefined && this.sheet.peek() === sheet) this.#next(sheet.at + 1)
  }

  /** Goes on to the next file without this one. */
  skip(): void {
    const sheet = this.sheet.peek()
    if (!sheet) return
    sheet.attempt.cancel()
    sheet.draft.drop()
    this.#next(sheet.at + 1)
  }

  /** Gives up this file and all that wait. */
  cancel(): void {
    this.waiting.value = []
    this.skip()
  }

  #next(at: number): void {
    const [file, ...others] = this.waiting.peek()
    this.errors.value = {}
    if (!file) {
      this.#all = false
      this.sheet.value = undefined
      return
    }
    this.waiting.value = others
    const draft = this.#init.draft(file)
    this.form.value = this.#all ? { ...this.form.peek(), name: draft.name } : newForm(draft.name, this.#init.policy)
    this.sheet.value = { draft, attempt: new Attempt(), at }
    if (this.#all) void this.start(true)
  }
}
