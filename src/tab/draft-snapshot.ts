import { optionsFrom, type SnapshotView } from '../actors/table/snapshot-options.ts'
import { fromSnapshot } from '../actors/table/snapshots.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { SpawnOptions, SpawnSteps } from '../actors/table/spawn-options.ts'

// Loaded with the first snapshot that is given to the page.

/** A snapshot on its way to a process. */
export interface DraftSnapshot {
  /** The module in it. */
  module: Blob
  view: SnapshotView
  spawn(table: Pick<ProcessTable, 'spawnFrom'>, options: SpawnOptions, steps: SpawnSteps): Promise<string>
}

/** @throws {GliaError} ERR_BAD_SNAPSHOT */
export async function readSnapshot(file: Blob): Promise<DraftSnapshot> {
  const { module, from } = await fromSnapshot(file, {})
  const view = { hasKeys: from.instances !== undefined }
  return {
    module: new Blob([module]),
    view,
    spawn: (table, options, steps) => table.spawnFrom(file, optionsFrom(view, options), steps),
  }
}
