import type { Aliases } from '../../glia/address.ts'
import { methodsFor } from '../../glia/process/admit.ts'
import { type CallTargets, mayReach } from '../../glia/process/call-targets.ts'
import { GliaError } from '../../glia/errors.ts'
import type { ListedProcess } from '../../glia/listing.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { isProcessOrInstance, processOf } from '../../glia/instance-key.ts'
import type { Pid } from '../../glia/pid.ts'
import type { Policy } from '../../glia/process/policy.ts'

/** A process of this peer. */
export interface LocalProcess {
  readonly pid: Pid
  readonly root: boolean
  readonly methods: readonly string[]
  readonly policy: Policy
}

/** The names of the mesh under `/ww/0.1.0`. */
export interface MeshNames {
  /** The meaning of `self` and `root`. */
  readonly aliases: Aliases
  /** Other peers that offer processes. */
  hosts(): Promise<readonly string[]>
  /** The processes that another peer lists. @throws {GliaError} ERR_UNREACHABLE */
  listed(host: string, signal: AbortSignal): Promise<readonly ListedProcess[]>
  /** The processes of this peer. */
  procs(): Iterable<LocalProcess>
}

/** The process that reads a directory, and for whom. */
export interface Viewer {
  /** The process that reads. */
  readonly pid: string
  readonly callTo: CallTargets
  /** Peers for whose message it reads. */
  readonly strangers: readonly string[]
}

const ROOT = 'root'

/**
 * The names under a path below `/ww/0.1.0`: hosts, then processes, then methods; none under a method. Of another peer
 * the root process is known, and what it lists. Other names are not checked: a call tells whether they exist.
 *
 * A PID is a capability. A process sees what it may call, but it may tell what it sees to whoever sent the message. So
 * for a message of another peer only the process itself, the root process and those that are listed are named. Whoever
 * has a PID already can look at the methods of its process.
 * @throws {GliaError} ERR_BAD_ADDRESS, ERR_NO_PROC or ERR_NO_METHOD if there can be no such path.
 */
export async function namesUnder(
  path: readonly string[],
  names: MeshNames,
  viewer: Viewer,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [host, proc, method, ...rest] = path
  const { self } = names.aliases
  if (rest.length > 0) throw new GliaError('ERR_BAD_ADDRESS', 'A method has no paths below it.')
  const sees = (peer: string): boolean => mayReach(viewer.callTo, { host: peer }, names.aliases)
  if (host === undefined) return [...(sees(self) ? ['self'] : []), ...(await names.hosts()).filter(sees)]
  if (host === 'self' || host === self) return localNames(proc, method, names, viewer)
  if (!isPeerId(host)) throw new GliaError('ERR_BAD_ADDRESS', `“${host}” is not a peer id.`)
  if (proc !== undefined && proc !== ROOT && !isProcessOrInstance(proc)) {
    throw new GliaError('ERR_BAD_ADDRESS', `“${proc}” is not a PID.`)
  }
  return method === undefined && proc !== ROOT ? remoteNames(host, proc, names, viewer, signal) : []
}

/** What another peer lists. A peer that cannot be asked still has a root process. */
async function remoteNames(
  host: string,
  proc: string | undefined,
  { listed, aliases }: MeshNames,
  { callTo }: Viewer,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!mayReach(callTo, { host }, aliases)) return []
  const found = await listed(host, signal).catch(() => [])
  if (proc !== undefined) return found.find(({ pid }) => pid === processOf(proc))?.methods ?? []
  return [ROOT, ...found.map(({ pid }) => pid).filter((pid) => mayReach(callTo, { host, proc: pid }, aliases))]
}

function localNames(
  proc: string | undefined,
  method: string | undefined,
  { procs, aliases }: MeshNames,
  viewer: Viewer,
): readonly string[] {
  const callable = [...procs()].flatMap((found) => {
    const methods = callableMethods(found, aliases, viewer)
    return methods.length > 0 ? [{ ...found, methods }] : []
  })
  if (proc === undefined) {
    return callable.filter((found) => isNamed(found, viewer)).map(({ pid, root }) => (root ? ROOT : pid))
  }
  const found = callable.find(({ pid, root }) => pid === processOf(proc) || (root && proc === ROOT))
  if (!found) throw new GliaError('ERR_NO_PROC', `This peer has no process ${proc}.`)
  if (method === undefined) return found.methods
  if (found.methods.includes(method)) return []
  throw new GliaError('ERR_NO_METHOD', `The process ${proc} has no method “${method}”.`)
}

function callableMethods(found: LocalProcess, aliases: Aliases, { callTo, strangers }: Viewer): string[] {
  return methodsFor(found, strangers).filter((method) =>
    mayReach(callTo, { host: aliases.self, proc: found.pid, method }, aliases),
  )
}

/** Whether the name may be told to those for whom the viewer reads. */
function isNamed({ pid, root, policy }: LocalProcess, viewer: Viewer): boolean {
  return viewer.strangers.length === 0 || root || policy.listed || pid === processOf(viewer.pid)
}
