import type { SpawnOptions } from './spawn-options.ts'

/** What a snapshot file tells of the process in it. */
export interface SnapshotView {
  /** It has all instances of a process with keys. */
  hasKeys: boolean
}

/** Options that a person chose for a new process, as a snapshot needs them: what keys have in memory has to be kept. */
export function optionsFrom({ hasKeys }: SnapshotView, options: SpawnOptions): SpawnOptions {
  return hasKeys ? { ...options, key: true, policy: { ...options.policy, memory: 'durable' } } : options
}
