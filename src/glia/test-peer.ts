// For tests: a peer whose processes run functions of the test instead of modules.
import { SILENT } from './log.ts'
import type { Actor, ActorPlace, Message } from './process/actor.ts'
import { type Address, PROTOCOL } from './address.ts'
import type { Env } from './env.ts'
import { GliaError } from './errors.ts'
import type { Exit, ExitReason } from './process/exit.ts'
import { createHttp, type HttpApi } from './http/http.ts'
import { newPid, type Pid } from './pid.ts'
import { type GivenPolicy, makePolicy } from './process/policy.ts'
import { Proc } from './process/proc.ts'
import { makeRestart, type Restart, type RestartType } from './process/restart.ts'
import { type OpenRemote, Router } from './router.ts'
import type { Stream } from './stream/stream.ts'
import type { CallTrace } from './trace/call-trace.ts'
import { streamPair, type StreamInit } from './stream/stream-pair.ts'

/** Peer ids from the examples of the libp2p specification. */
export const SELF = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
export const OTHER = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'

/** What a process does with a message. It may call `exited` of the actor. */
export type Run = (message: Message, actor: TestActor, method: string) => Promise<void>

/** An actor that runs a function. Stopping it ends a run at once, as terminating a worker does. */
export class TestActor implements Actor {
  memoryBytes: number | undefined = 65_536
  exited: ExitReason | undefined
  stopped: GliaError | undefined
  readonly #run: Run
  readonly #stopped = Promise.withResolvers<never>()
  readonly #onStop: () => void

  constructor(run: Run, onStop: () => void) {
    this.#run = run
    this.#onStop = onStop
    this.#stopped.promise.catch(() => undefined)
  }

  run(method: string, message: Message): Promise<void> {
    this.exited = undefined
    return Promise.race([this.#run(message, this, method), this.#stopped.promise])
  }

  /** @param reason Left out: its process wants it. */
  stop(reason = new GliaError('ERR_PROC_STOPPED', 'The actor was stopped.')): void {
    if (this.stopped) return
    this.stopped = reason
    this.memoryBytes = undefined
    this.#onStop()
    this.#stopped.reject(reason)
  }
}

export interface TestProcInit {
  policy?: GivenPolicy
  restart?: RestartType | Partial<Restart>
  methods?: readonly string[]
  dead?: string
  /** Makes the actor of a function in another way. It may fail. */
  actor?(run: Run, place?: ActorPlace): TestActor
  /** Waits for a place before each start. */
  enter?(signal: AbortSignal): Promise<ActorPlace>
  /** Told of each change. */
  changed?(): void
  /** Runs before each start. No deadline covers it. */
  load?(): Promise<void>
  /** Runs before each start of an actor. It may fail. */
  starting?(signal: AbortSignal): Promise<void>
}

/** A process, with what its observer and its actors have seen. */
export interface TestProc {
  proc: Proc
  failures: GliaError[]
  notes: string[]
  /** Notes and failures, in order. */
  log: string[]
  exits: Exit[]
  /** Actors started and stopped so far. */
  count: { started: number; stopped: number }
}

/** A process that runs `run`. `lives()` makes a new function for each life of its actor. */
export function makeProc(lives: () => Run, init: TestProcInit = {}): TestProc {
  const { policy, restart = 'permanent', methods = ['run'], dead, actor, enter, changed, load, starting } = init
  const made: Omit<TestProc, 'proc'> = {
    failures: [],
    notes: [],
    log: [],
    exits: [],
    count: { started: 0, stopped: 0 },
  }
  const proc = new Proc({
    pid: newPid(),
    name: 'tested',
    methods,
    policy: makePolicy({ ...policy }),
    restart: makeRestart(restart),
    dead,
    load,
    enter,
    start: async (signal, place) => {
      await starting?.(signal)
      made.count.started += 1
      return actor?.(lives(), place) ?? new TestActor(lives(), () => (made.count.stopped += 1))
    },
    observer: {
      changed: () => changed?.(),
      exited: (exit) => made.exits.push(exit),
      note: (line) => {
        made.notes.push(line)
        made.log.push(line)
      },
      failed: (error) => {
        made.failures.push(error)
        made.log.push(`${error.code}: ${error.message}`)
      },
    },
  })
  return { ...made, proc }
}

/** Sends the message back. */
export const echo: Run = async (message) => {
  for (let chunk = await message.read(); chunk !== null; chunk = await message.read()) await message.write(chunk)
}

/** Never ends, whatever becomes of its call. Only stopping the actor ends it. */
export const loop: Run = () => new Promise<never>(() => undefined)

/** Ends when its call is over. */
export const untilAborted: Run = ({ signal }) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

/** Replies how many messages this life of the actor has had. */
export function counter(): Run {
  let messages = 0
  return async (message) => {
    messages += 1
    await message.write(bytes(String(messages)))
  }
}

export interface TestPeer {
  env: Env
  router: Router
  http: HttpApi
}

/** A peer with these processes; the first is its root. */
export function makePeer(procs: readonly Proc[], openRemote: OpenRemote = nobody, trace?: CallTrace): TestPeer {
  const rootPid = procs[0]?.pid ?? newPid()
  const env: Env = {
    log: () => SILENT,
    localHost: () => ({ peerId: SELF, addrs: () => ['/ip4/127.0.0.1/tcp/4001'] }),
    routing: () => ({
      findPeer: async (peerId) => Promise.reject(unreachable(peerId)),
      provide: async () => undefined,
      async *findProviders() {
        // nobody has anything
      },
    }),
  }
  const router = new Router({
    env,
    procs: { rootPid, get: (pid) => procs.find((proc) => proc.pid === pid) },
    openRemote,
    trace,
  })
  return { env, router, http: createHttp({ env, router }) }
}

export function addressOf(proc: Proc | Pid, method = 'run', host = SELF): Address {
  return { host, proc: typeof proc === 'string' ? proc : proc.pid, method }
}

/** Delivers a message straight to a process. */
export function deliver(proc: Proc, init: Partial<StreamInit> & { method?: string } = {}): Delivery {
  const { method, ...streamInit } = init
  const [stream, server] = streamPair(addressOf(proc, method), { caller: 'browser', ...streamInit })
  const done = proc.deliver(server)
  done.catch(() => undefined)
  return { stream, done }
}

export interface Delivery {
  /** The caller's side. */
  stream: Stream
  /** The promise of {@link Proc.deliver}. */
  done: Promise<void>
}

/** Sends bytes as the whole message. */
export async function send(stream: Stream, content: Uint8Array | string = ''): Promise<void> {
  await stream.write(typeof content === 'string' ? bytes(content) : content)
  await stream.closeWrite()
}

export function bytes(content: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(content)
}

export function text(content: Uint8Array): string {
  return new TextDecoder().decode(content)
}

/** The path of a process's method in the HTTP API. */
export function pathTo(proc: string, method = 'run', host = 'self'): string {
  return `${PROTOCOL}/${host}/${proc}/${method}`
}

async function nobody(address: Address): Promise<never> {
  throw unreachable(address.host)
}

function unreachable(peer: string): GliaError {
  return new GliaError('ERR_UNREACHABLE', `There is no way to ${peer}.`)
}
