import { type Signal, signal } from '@preact/signals'
import { isSnapshotFile } from '../actors/snapshot/snapshot-magic.ts'
import type { SnapshotView } from '../actors/table/snapshot-options.ts'
import type { PreparedModule } from '../actors/table/process-modules.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { SpawnOptions } from '../actors/table/spawn-options.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { orAborted } from '../glia/wait/or-aborted.ts'
import type { Draft, DraftStep, Undoable } from '../ui/model.ts'
import type { DraftSnapshot } from './draft-snapshot.ts'
import { processName } from './script-api.ts'

/** What a draft needs of the process table. */
export type DraftTable = Pick<ProcessTable, 'prepare' | 'discard' | 'spawn' | 'spawnFrom' | 'swap'>

/** What is in a file. */
interface Prepared {
  module: PreparedModule
  /** Undefined: the file is a module. */
  snapshot: DraftSnapshot | undefined
}

/**
 * A file on its way to a process: a module, or a snapshot with a module in it. It is read and compiled at once, and says
 * what it asks for.
 */
export class FileDraft implements Draft {
  readonly fileName: string
  readonly name: string
  readonly bytes: number
  readonly since = Date.now()
  readonly step: Signal<DraftStep> = signal({ stage: 'reading', doneBytes: 0 })
  readonly snapshot: Promise<SnapshotView | undefined>
  readonly #file: File
  readonly #table: Promise<DraftTable>
  readonly #dropped = new AbortController()
  readonly #prepared: Promise<Prepared>
  readonly #spawning: () => void

  /** @param spawning Called when a person makes a process of it. */
  constructor(file: File, table: Promise<DraftTable>, spawning: () => void = () => undefined) {
    this.#spawning = spawning
    this.#file = file
    this.fileName = file.name
    this.name = processName(file.name)
    this.bytes = file.size
    this.#table = table
    this.#prepared = this.#prepare(file)
    this.snapshot = this.#prepared.then(({ snapshot }) => snapshot?.view)
    // Whoever starts the file gets the error. Until then the draft's step shows it.
    this.snapshot.catch(() => undefined)
  }

  readonly spawn = async (options: SpawnOptions, cancelled: AbortSignal): Promise<string> => {
    this.#spawning()
    const [table, { module, snapshot }] = await orAborted(Promise.all([this.#table, this.#prepared]), cancelled)
    const steps = { signal: cancelled }
    return snapshot ? snapshot.spawn(table, options, steps) : table.spawn(module.blob, options, steps)
  }

  readonly swap = async (pid: string, cancelled: AbortSignal): Promise<Undoable> => {
    const [table, { module, snapshot }] = await orAborted(Promise.all([this.#table, this.#prepared]), cancelled)
    // A snapshot is no module, and the table says so.
    return table.swap(pid, snapshot ? this.#file : module.blob, { signal: cancelled })
  }

  readonly drop = (): void => {
    this.#dropped.abort(new GliaError('ERR_ABORTED', 'You cancelled the new process.'))
    const { value } = this.step
    if (value.stage === 'ready') void this.#table.then((table) => table.discard(value.module.cid))
  }

  async #prepare(file: File): Promise<Prepared> {
    try {
      const table = await this.#table
      const snapshot = (await isSnapshotFile(file))
        ? await (await import('./draft-snapshot.ts')).readSnapshot(file)
        : undefined
      const source = snapshot?.module ?? file
      const onProgress = (doneBytes: number): void => {
        this.step.value = doneBytes < source.size ? { stage: 'reading', doneBytes } : { stage: 'compiling' }
      }
      const prepared = await table.prepare(source, { signal: this.#dropped.signal, onProgress })
      const { blob: _blob, moduleBytes: _moduleBytes, ...module } = prepared
      this.step.value = { stage: 'ready', module, snapshot: snapshot?.view }
      if (this.#dropped.signal.aborted) this.drop()
      return { module: prepared, snapshot }
    } catch (thrown) {
      const error = toGliaError(thrown)
      this.step.value = { stage: 'refused', error: { code: error.code, message: error.message, at: Date.now() } }
      throw error
    }
  }
}
