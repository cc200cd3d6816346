import { isMethodName } from '../address.ts'
import { GliaError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { newPid, parsePid, type Pid } from '../pid.ts'
import type { Actor, Message } from './actor.ts'
import { type GivenPolicy, makePolicy } from './policy.ts'
import { Proc } from './proc.ts'
import { makeRestart, type Restart, type RestartType } from './restart.ts'

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
  // Without fields it would be open to anyone.
  if (policy !== undefined && Object(policy) !== policy)
    throw new GliaError('ERR_BAD_REQUEST', 'policy: give an object.')
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

/** Runs functions, one message at a time, in the place of an instance of a module. */
export function actorOf(methods: ProcOptions['methods']): Actor {
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
