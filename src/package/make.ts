import { isMethodName } from '../glia/address.ts'
import type { Env } from '../glia/env.ts'
import { GliaError } from '../glia/errors.ts'
import { type Logger, SILENT } from '../glia/log.ts'
import { newPid, parsePid, type Pid } from '../glia/pid.ts'
import type { Actor, Message } from '../glia/process/actor.ts'
import { type GivenPolicy, makePolicy } from '../glia/process/policy.ts'
import { Proc } from '../glia/process/proc.ts'
import { makeRestart, type Restart, type RestartType } from '../glia/process/restart.ts'
import { type OpenRemote, Router, type RouterInit } from '../glia/router.ts'

/** A process whose methods are JavaScript functions. */
export interface ProcOptions {
  /** Default: a new one. */
  pid?: Pid | undefined
  /** For people. */
  name: string
  /** The methods, by name. One message at a time. A function that throws ends its message with ERR_FAILED, or with its GliaError. */
  methods: Readonly<Record<string, (message: Message) => Promise<void>>>
  policy?: GivenPolicy | undefined
  restart?: RestartType | Partial<Restart> | undefined
  /** Gets what happens to the process. Left out: nobody. */
  log?: Logger | undefined
}

/** Makes a process of functions. @throws {GliaError} ERR_BAD_REQUEST if a name, a method, the policy or the restart settings are of no use; ERR_BAD_ADDRESS if the PID is none. */
export function createProc({ pid = newPid(), name, methods, policy, restart = 'permanent', log }: ProcOptions): Proc {
  if (typeof name !== 'string') throw new GliaError('ERR_BAD_REQUEST', 'name: give a text.')
  for (const [method, run] of Object.entries(methods)) checkMethod(method, run)
  return new Proc({
    pid: parsePid(pid),
    name,
    methods: Object.keys(methods),
    policy: makePolicy({ ...policy }),
    restart: makeRestart(restart),
    start: async () => actorOf(methods),
    observer: {
      changed: () => undefined,
      exited: () => undefined,
      note: (line) => log?.info(`${name}: ${line}`),
      failed: (error) => log?.warn(`${name}: ${error.message} ${error.code}`),
    },
  })
}

/** Nobody could call a method whose name cannot stand in an address. */
function checkMethod(name: string, run: unknown): void {
  if (!isMethodName(name)) throw new GliaError('ERR_BAD_REQUEST', `methods: “${name}” cannot stand in an address.`)
  if (typeof run !== 'function') throw new GliaError('ERR_BAD_REQUEST', `methods.${name}: give a function.`)
}

function actorOf(methods: ProcOptions['methods']): Actor {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  ended.catch(() => undefined)
  let stopped: GliaError | undefined
  return {
    memoryBytes: undefined,
    exited: undefined,
    get stopped() {
      return stopped
    },
    async run(method, message) {
      const run = methods[method]
      if (!run) throw new GliaError('ERR_NO_METHOD', `There is no method ${method}.`)
      try {
        await Promise.race([run(message), ended])
      } catch (cause) {
        if (cause instanceof GliaError) throw cause
        throw new GliaError('ERR_FAILED', `${method} failed: ${String(cause)}.`, { cause })
      }
    },
    stop() {
      stopped ??= new GliaError('ERR_PROC_STOPPED', 'The process was stopped.')
      reject(stopped)
    },
  }
}

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
