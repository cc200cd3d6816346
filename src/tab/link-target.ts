import type { ProcessTable } from '../actors/table/process-table.ts'
import { GliaError } from '../glia/errors.ts'
import { keyIn, readKey } from '../glia/instance-key.ts'
import type { Proc } from '../glia/process/proc.ts'
import { fields } from '../glia/untrusted.ts'
import type { LinkTarget } from '../ui/model.ts'

/**
 * Checks what a link is to lead to.
 * @throws {GliaError} ERR_NO_PROC, ERR_NO_METHOD, ERR_BAD_ADDRESS or ERR_DENIED if the link would lead to nothing;
 * ERR_BAD_REQUEST
 */
export function readTarget(given: unknown, table: ProcessTable): LinkTarget {
  const { pid, key, method, cid, ...others } = fields(given)
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw bad(`pid, key, method or cid, and not ${unknown.slice(0, 100)}`)
  if (cid !== undefined) {
    if (pid !== undefined || key !== undefined || method !== undefined)
      throw bad('a module, or a process and its method')
    const isShared = table.entries.some(({ record }) => record.cid === cid && record.policy.shareModule)
    if (typeof cid === 'string' && isShared) return { cid }
    throw new GliaError('ERR_DENIED', 'No process of this tab shares a module with this CID: set policy.shareModule.')
  }
  if (pid === undefined) {
    if (key !== undefined || method !== undefined) throw bad('the process of the key or the method, too')
    return {}
  }
  const name = typeof pid === 'string' ? pid : ''
  const proc = table.get(name)
  if (!proc) throw new GliaError('ERR_NO_PROC', 'This tab has no process with this PID. It may have been killed.')
  const target = { pid: proc.pid, ...keyOf(proc, keyIn(name), key) }
  if (method === undefined) return target
  if (typeof method === 'string' && proc.methods.includes(method)) return { ...target, method }
  throw new GliaError('ERR_NO_METHOD', `${proc.name} has no such method. It has: ${proc.methods.join(', ')}.`)
}

/** The key may stand behind the PID, as in an address, or by itself. */
function keyOf({ name, hasKeys }: Proc, behind: string | undefined, beside: unknown): Pick<LinkTarget, 'key'> {
  if (behind === undefined && beside === undefined) return {}
  if (!hasKeys) throw new GliaError('ERR_BAD_ADDRESS', `${name} has no keys: leave the key out.`)
  const key = readKey(behind ?? beside)
  if (behind !== undefined && beside !== undefined && key !== readKey(beside)) throw bad('one key')
  return { key }
}

function bad(what: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `A link leads to the mesh alone, or to a target: give ${what}.`)
}
