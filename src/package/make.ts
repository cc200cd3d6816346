import type { Env } from '../glia/env.ts'
import { GliaError } from '../glia/errors.ts'
import { type Logger, SILENT } from '../glia/log.ts'
import { newPid } from '../glia/pid.ts'
import type { Proc } from '../glia/process/proc.ts'
import { type OpenRemote, Router, type RouterInit } from '../glia/router.ts'

export { createProc, type ProcOptions } from '../glia/process/function-proc.ts'

/** A peer's router. */
export interface RouterOptions {
  /** The processes; `root` stands for the first. */
  procs: readonly Proc[]
  /** Default: an id that nobody can call. */
  peerId?: string | undefined
  /** Opens calls to other peers. Left out: there are none. */
  openRemote?: OpenRemote | undefined
  log?: Logger | undefined
}

/** Nobody: the identity multihash of 32 zero bytes, as a peer id. */
const NOBODY = '12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9ttwiw'

/** Makes the router of a peer that has these processes, and the environment that {@link createHttp} needs with it. */
export function createRouter(options: RouterOptions): { env: Env; router: Router } {
  const { procs, peerId = NOBODY, log = SILENT } = options
  const openRemote = options.openRemote ?? (async ({ host }) => Promise.reject(unreachable(host)))
  const env: Env = {
    log: () => log,
    localHost: () => ({ peerId, addrs: () => [] }),
    routing: () => ({
      findPeer: async (id) => Promise.reject(unreachable(id)),
      provide: async () => undefined,
      async *findProviders() {
        // There is no mesh.
      },
    }),
  }
  return { env, router: new Router({ env, procs: processesOf(procs), openRemote }) }
}

/** Processes as a router finds them. The first is the root. */
export function processesOf(procs: readonly Proc[]): RouterInit['procs'] {
  const rootPid = procs[0]?.pid ?? newPid()
  return { rootPid, get: (pid) => procs.find((proc) => proc.pid === pid) }
}

function unreachable(peer: string): GliaError {
  return new GliaError('ERR_UNREACHABLE', `There is no way to ${peer}.`)
}
