import { type Signal, signal } from '@preact/signals'
import { PAGE_BYTES } from '../actors/cap-memory.ts'
import { type MemoryLimits, readSections } from '../actors/module-sections.ts'
import { readFile } from '../actors/module-source.ts'
import type { ProcessTable } from '../actors/process-table.ts'
import type { SpawnOptions } from '../actors/spawn-options.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { DEFAULT_POLICY } from '../glia/policy.ts'
import { orAborted } from '../glia/or-aborted.ts'
import type { Draft, DraftStep, ModuleView } from '../ui/model.ts'
import { processName } from './script-api.ts'

/** What a draft needs of the process table. */
export type DraftTable = Pick<ProcessTable, 'prepare' | 'discard' | 'spawn' | 'swap' | 'swapBack'>

/** A file on its way to a process: reads it at once, compiles it, and says what it asks for. */
export class FileDraft implements Draft {
  readonly fileName: string
  readonly name: string
  readonly bytes: number
  readonly since = Date.now()
  readonly step: Signal<DraftStep> = signal({ stage: 'reading', doneBytes: 0 })
  readonly #table: Promise<DraftTable>
  readonly #dropped = new AbortController()
  readonly #content: Promise<Uint8Array<ArrayBuffer>>

  constructor(file: File, table: Promise<DraftTable>) {
    this.fileName = file.name
    this.name = processName(file.name)
    this.bytes = file.size
    this.#table = table
    this.#content = this.#load(file)
    // Whoever starts it is told; before that, its step tells.
    this.#content.catch(() => undefined)
  }

  readonly spawn = async (options: SpawnOptions, cancelled: AbortSignal): Promise<string> => {
    const [table, bytes] = await orAborted(Promise.all([this.#table, this.#content]), cancelled)
    return table.spawn(bytes, options, { signal: cancelled })
  }

  readonly swap = async (pid: string, cancelled: AbortSignal): Promise<{ undo: () => Promise<void> }> => {
    const [table, bytes] = await orAborted(Promise.all([this.#table, this.#content]), cancelled)
    await table.swap(pid, bytes, { signal: cancelled })
    return { undo: () => table.swapBack(pid) }
  }

  readonly drop = (): void => {
    this.#dropped.abort(new GliaError('ERR_ABORTED', 'You cancelled it.'))
    const { value } = this.step
    if (value.stage === 'ready') void this.#table.then((table) => table.discard(value.module.cid))
  }

  async #load(file: File): Promise<Uint8Array<ArrayBuffer>> {
    const { signal: dropped } = this.#dropped
    try {
      const bytes = await readFile(file, {
        signal: dropped,
        onProgress: (doneBytes) => (this.step.value = { stage: 'reading', doneBytes }),
      })
      this.step.value = { stage: 'compiling' }
      const module = await lookAt(bytes, await this.#table)
      this.step.value = { stage: 'ready', module }
      if (dropped.aborted) this.drop()
      return bytes
    } catch (thrown) {
      const error = toGliaError(thrown)
      this.step.value = { stage: 'refused', error: { code: error.code, message: error.message, at: Date.now() } }
      throw error
    }
  }
}

/**
 * Compiles a module and tells what it says of itself. One that asks for more memory than a process has by default is no error:
 * people may allow it more.
 */
async function lookAt(bytes: Uint8Array<ArrayBuffer>, table: DraftTable): Promise<ModuleView> {
  const memory = memoryOf(bytes)
  const cap = Math.max(DEFAULT_POLICY.maxMemoryBytes, memory.startMemoryBytes)
  const { cid, methods } = await table.prepare(bytes, cap)
  return { cid, methods, imports: readSections(bytes).imports, ...memory }
}

function memoryOf(bytes: Uint8Array): Pick<ModuleView, 'startMemoryBytes' | 'maxMemoryBytes'> {
  let memory: MemoryLimits | undefined
  try {
    ;[memory] = readSections(bytes).memories
  } catch {
    // Cut off: compiling it says so.
  }
  const { initialPages, maximumPages } = memory ?? { initialPages: 0, maximumPages: 0 }
  return {
    startMemoryBytes: initialPages * PAGE_BYTES,
    maxMemoryBytes: maximumPages === undefined ? undefined : maximumPages * PAGE_BYTES,
  }
}
