import type { ProcessTable } from '../actors/table/process-table.ts'
import { GliaError } from '../glia/errors.ts'
import { fields } from '../glia/untrusted.ts'
import type { LinkTarget } from '../ui/model.ts'

/**
 * Checks what a link is to lead to.
 * @throws {GliaError} ERR_NO_PROC, ERR_NO_METHOD or ERR_DENIED if the link would lead to nothing; ERR_BAD_REQUEST
 */
export function readTarget(given: unknown, table: ProcessTable): LinkTarget {
  const { pid, method, cid } = fields(given)
  if (cid !== undefined) {
    if (pid !== undefined || method !== undefined) throw bad('a module, or a process and its method')
    const isShared = table.entries.some(({ record }) => record.cid === cid && record.policy.shareModule)
    if (typeof cid === 'string' && isShared) return { cid }
    throw new GliaError('ERR_DENIED', 'No process of this tab shares a module with this CID: set policy.shareModule.')
  }
  if (pid === undefined) {
    if (method !== undefined) throw bad('the process of the method, too')
    return {}
  }
  const proc = typeof pid === 'string' ? table.get(pid) : undefined
  if (!proc) throw new GliaError('ERR_NO_PROC', 'This tab has no process with this PID. It may have been killed.')
  if (method === undefined) return { pid: proc.pid }
  if (typeof method === 'string' && proc.methods.includes(method)) return { pid: proc.pid, method }
  throw new GliaError('ERR_NO_METHOD', `${proc.name} has no such method. It has: ${proc.methods.join(', ')}.`)
}

function bad(what: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `A link leads to the mesh alone, or to a target: give ${what}.`)
}
