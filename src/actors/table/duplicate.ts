import type { Pid } from '../../glia/pid.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ProcessTable } from './process-table.ts'
import type { SpawnSteps } from './spawn-options.ts'

/**
 * Makes another process like a given one. Loaded when somebody does.
 * @param contentOf Gives a module or a file of the process by its CID.
 */
export async function duplicate(
  table: ProcessTable,
  entry: ProcessEntry,
  contentOf: (cid: string) => Promise<Blob>,
  name: string,
  steps: SpawnSteps,
): Promise<Pid> {
  const { pid, cid, description, args, env, policy, restart, tty, key, mounts = [] } = entry.record
  const options = { name, description, args, env, policy, restart, tty, key }
  const [module, data] = await Promise.all([contentOf(cid), key ? undefined : table.files.export(pid)])
  if (mounts.length === 0) return table.spawn(module, { ...options, files: data }, steps)
  const contents = mounts.map(async (mount) => [`/${mount.path}`, await contentOf(mount.cid)] as const)
  const made = await table.spawn(module, { ...options, files: Object.fromEntries(await Promise.all(contents)) }, steps)
  if (data) await table.files.import(made, data, steps.signal)
  return made
}
