import { GliaError } from '../../glia/errors.ts'
import { keyIn } from '../../glia/instance-key.ts'
import type { HiddenProcesses } from './hidden-processes.ts'
import type { KilledProcess } from './process-entry.ts'
import type { ProcessKillsInit } from './process-kills.ts'

/** Brings a killed process back, and then those that it had made. Loaded when somebody does. */
export async function undoKill(
  killed: KilledProcess,
  init: ProcessKillsInit & { hidden: HiddenProcesses | undefined },
): Promise<void> {
  const { registry, modules, keeper, links, maker, reminded, hidden } = init
  const { record, module, files, watches, written, children, isHidden } = killed
  const { pid, name, previous, parent = '' } = record
  if (keyIn(pid) !== undefined) throw new GliaError('ERR_BAD_REQUEST', 'The instance of a key does not come back.')
  if (registry.get(pid)) throw new GliaError('ERR_BAD_REQUEST', `${name} is there already.`)
  if (module) modules.cache.put(record, record.policy.maxMemoryBytes, module)
  const revived = {
    ...record,
    previous: previous && killed.modules.has(previous.cid) ? previous : undefined,
    parent: registry.get(parent)?.record.pid,
  }
  if (isHidden) {
    // No write of the old instances comes after it, which would be one of the new ones.
    await written
    await hidden?.reveal(revived)
  }
  const entry = maker.add(revived)
  entry.mounts = killed.modules
  if (isHidden) {
    entry.isPut(revived, false)
  } else if (files) entry.files.hold(files)
  else entry.log.add('error', 'What it had under /data could not be read when it was killed, and is gone.')
  links.bringBack(entry, watches)
  await written
  await (isHidden ? keeper.keepRecords([entry]) : keeper.keep(entry, killed.modules))
  await reminded()?.cameBack(pid)
  await Promise.all(children.map((child) => undoKill(child, init)))
}
