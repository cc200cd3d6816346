import { GliaError } from '../glia/errors.ts'
import { isPeerId } from '../glia/peer-id.ts'
import { isPid } from '../glia/pid.ts'

/** What is listed of the mesh under `/ww/0.1.0`. */
export interface MeshNames {
  /** Peer id of this peer. */
  readonly self: string
  /** Other peers that offer processes. */
  hosts(): Promise<readonly string[]>
  /** The processes of this peer. */
  procs(): Iterable<{ pid: string; root: boolean; methods: readonly string[] }>
}

const ROOT = 'root'

/**
 * The names under a path below `/ww/0.1.0`: hosts, then processes, then methods; none under a method. Of another peer only
 * its root process is known, and none of its methods: such names are taken as they are, and a call tells.
 * @throws {GliaError} ERR_BAD_ADDRESS, ERR_NO_PROC or ERR_NO_METHOD if there can be no such path.
 */
export async function namesUnder(path: readonly string[], names: MeshNames): Promise<readonly string[]> {
  const [host, proc, method, ...rest] = path
  if (rest.length > 0) throw new GliaError('ERR_BAD_ADDRESS', 'There is nothing under a method.')
  if (host === undefined) return ['self', ...(await names.hosts())]
  if (host === 'self' || host === names.self) return localNames(proc, method, names)
  if (!isPeerId(host)) throw new GliaError('ERR_BAD_ADDRESS', `“${host}” is not a peer id.`)
  if (proc === undefined) return [ROOT]
  if (proc !== ROOT && !isPid(proc)) throw new GliaError('ERR_BAD_ADDRESS', `“${proc}” is not a PID.`)
  return []
}

function localNames(proc: string | undefined, method: string | undefined, { procs }: MeshNames): readonly string[] {
  const all = [...procs()]
  if (proc === undefined) return all.map(({ pid, root }) => (root ? ROOT : pid))
  const found = all.find(({ pid, root }) => pid === proc || (root && proc === ROOT))
  if (!found) throw new GliaError('ERR_NO_PROC', `This peer has no process ${proc}.`)
  if (method === undefined) return found.methods
  if (found.methods.includes(method)) return []
  throw new GliaError('ERR_NO_METHOD', `The process ${proc} has no method “${method}”.`)
}
