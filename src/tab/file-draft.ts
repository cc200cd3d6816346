import { type Signal, signal } from '@preact/signals'
import type { PreparedModule } from '../actors/table/process-modules.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { SpawnOptions } from '../actors/table/spawn-options.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { orAborted } from '../glia/wait/or-aborted.ts'
import type { Draft, DraftStep, Undoable } from '../ui/model.ts'
import { processName } from './script-api.ts'

/** What a draft needs of the process table. */
export type DraftTable = Pick<ProcessTable, 'prepare' | 'discard' | 'spawn' | 'swap'>

/** A file on its way to a process. It is read and compiled at once, and says what it asks for. */
export class FileDraft implements Draft {
  readonly fileName: string
  readonly name: string
  readonly bytes: number
  readonly since = Date.now()
  readonly step: Signal<DraftStep> = signal({ stage: 'reading', doneBytes: 0 })
  readonly #table: Promise<DraftTable>
  readonly #dropped = new AbortController()
  readonly #prepared: Promise<PreparedModule>
  readonly #spawning: () => void

  /** @param spawning Called when a person makes a process of it. */
  constructor(file: File, table: Promise<DraftTable>, spawning: () => void = () => undefined) {
    this.#spawning = spawning
    this.fileName = file.name
    this.name = processName(file.name)
    this.bytes = file.size
    this.#table = table
    this.#prepared = this.#prepare(file)
    // Whoever starts the file gets the error. Until then the draft's step shows it.
    this.#prepared.catch(() => undefined)
  }

  readonly spawn = async (options: SpawnOptions, cancelled: AbortSignal): Promise<string> => {
    this.#spawning()
    const [table, { blob }] = await orAborted(Promise.all([this.#table, this.#prepared]), cancelled)
    return table.spawn(blob, options, { signal: cancelled })
  }

  readonly swap = async (pid: string, cancelled: AbortSignal): Promise<Undoable> => {
    const [table, { blob }] = await orAborted(Promise.all([this.#table, this.#prepared]), cancelled)
    return table.swap(pid, blob, { signal: cancelled })
  }

  readonly drop = (): void => {
    this.#dropped.abort(new GliaError('ERR_ABORTED', 'You cancelled the new process.'))
    const { value } = this.step
    if (value.stage === 'ready') void this.#table.then((table) => table.discard(value.module.cid))
  }

  async #prepare(file: File): Promise<PreparedModule> {
    try {
      const table = await this.#table
      const onProgress = (doneBytes: number): void => {
        this.step.value = doneBytes < file.size ? { stage: 'reading', doneBytes } : { stage: 'compiling' }
      }
      const prepared = await table.prepare(file, { signal: this.#dropped.signal, onProgress })
      const { blob: _blob, moduleBytes: _moduleBytes, ...module } = prepared
      this.step.value = { stage: 'ready', module }
      if (this.#dropped.signal.aborted) this.drop()
      return prepared
    } catch (thrown) {
      const error = toGliaError(thrown)
      this.step.value = { stage: 'refused', error: { code: error.code, message: error.message, at: Date.now() } }
      throw error
    }
  }
}
