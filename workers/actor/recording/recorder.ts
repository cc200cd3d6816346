import type { RecordedStart, RecordedEnd, RunBegin, RunEnding } from '../../../src/actors/recording/recording.ts'
import { MAX_STATE_BYTES } from '../../../src/actors/recording/recording.ts'
import { mib } from '../../../src/actors/module/cap-memory.ts'
import { RunStatus } from '../../../src/actors/worker/control.ts'
import type { Program } from '../../../src/actors/worker/worker-api.ts'
import { assemblyScriptImports } from '../run/assemblyscript.ts'
import type { CurrentGuest, GuestImports, Recorder } from '../run/recorder.ts'
import type { GuestCall } from '../wasi/guard.ts'
import { EventLog } from './event-log.ts'
import { takeState } from './guest-state.ts'
import { Transfer } from './transfer.ts'

const COMMAND = '_start'

/** A function as it is written down: its values are numbers. */
type Call = (...values: (number | bigint)[]) => number | Promise<number>

/** Records each message that a guest handles, and sends the recording to the page. */
export class CallRecorder implements Recorder {
  /** Where recordings go. */
  port: MessagePort | undefined
  #log = new EventLog()
  #start: RecordedStart = { kind: 'missing', why: 'no instance was made' }
  #current: CurrentGuest = {}
  #program: Program | undefined
  /** Whether the instance has run no message. */
  #isFresh = false
  /** The method that runs. */
  #method: string | undefined

  watch({ wasi_snapshot_preview1: calls, env }: GuestImports, current: CurrentGuest, program: Program): GuestImports {
    this.#current = current
    this.#program = program
    this.#isFresh = true
    this.#log = new EventLog()
    // A command's instance is made while its message runs, without `_initialize`.
    const isRunning = this.#method !== undefined
    this.#start = { kind: 'fresh', events: 0, initialized: !isRunning }
    if (isRunning) this.#tellBegin()
    const recorded = Object.entries(calls).map(([name, call]) => [name, this.#recorded(name, call as Call)] as const)
    return { wasi_snapshot_preview1: Object.fromEntries(recorded), env: this.#recordedEnv(env) }
  }

  begin(method: string): void {
    const isFresh = this.#isFresh
    this.#isFresh = false
    this.#method = method
    // Its instance is still to be made.
    if (method === COMMAND && !isFresh) return
    const exposed = this.#program?.state?.exposed
    const exports = this.#current.guest?.exports
    if (exposed && exports) {
      const state = takeState(exports, exposed)
      this.#start = state
        ? { kind: 'memory', ...state }
        : { kind: 'missing', why: `it is more than ${mib(MAX_STATE_BYTES)}` }
      this.#log = new EventLog()
    } else if (isFresh && this.#start.kind === 'fresh') {
      this.#start = { ...this.#start, events: this.#log.count }
    } else {
      this.#start = { kind: 'missing', why: 'the memory of this module cannot be taken between two messages' }
      this.#log = new EventLog()
    }
    this.#tellBegin()
  }

  end(status: RunStatus, code: number): void {
    const method = this.#method
    this.#method = undefined
    // Without room for an instance the message has not run, and comes again.
    if (method === undefined || status === RunStatus.noRoom) return
    this.#isFresh = false
    // Nothing runs on the instance of a command again.
    if (method === COMMAND) this.#current = {}
    const ending: RunEnding = { log: this.#log.bytes, end: { status: STATUS_NAMES[status], code } }
    this.port?.postMessage(ending, ending.log ? [ending.log.buffer] : [])
  }

  /** Before the guest runs: it may never end. */
  #tellBegin(): void {
    const begin: RunBegin = { method: this.#method ?? '', start: this.#start, shared: this.#log.shared }
    this.port?.postMessage(begin, this.#start.kind === 'memory' ? [this.#start.bytes.buffer] : [])
  }

  #recorded(name: string, call: Call): GuestCall {
    const recorded: Call = (...values) => {
      const transfer = new Transfer(name, values, this.#memory)
      const { args, input } = transfer
      const log = this.#log
      const add = (errno: number): number => {
        log.add({ name, args, input, result: errno, output: transfer.take(errno) })
        return errno
      }
      const threw = (thrown: unknown): never => {
        log.add({ name, args, input, result: null, output: null })
        throw thrown
      }
      try {
        const errno = call(...values)
        return errno instanceof Promise ? errno.then(add, threw) : add(errno)
      } catch (thrown) {
        return threw(thrown)
      }
    }
    return recorded
  }

  /** `abort` needs no record: it only ends the call. */
  #recordedEnv(env: GuestImports['env']): GuestImports['env'] {
    const seed = env['seed'] as () => number
    const trace = env['trace'] as (...values: (number | bigint)[]) => unknown
    const log = (text: string): void => {
      const input = new TextEncoder().encode(text)
      this.#log.add({ name: 'trace', args: [], input, result: 0, output: null })
    }
    const written = assemblyScriptImports(() => this.#memory, log)['trace'] as typeof trace
    return {
      ...env,
      seed: () => {
        const result = seed()
        this.#log.add({ name: 'seed', args: [], input: null, result, output: null })
        return result
      },
      trace: (...values: (number | bigint)[]) => {
        written(...values)
        return trace(...values)
      },
    }
  }

  get #memory(): ArrayBuffer {
    return this.#current.guest?.exports.memory.buffer ?? new ArrayBuffer(0)
  }
}

const STATUS_NAMES: Readonly<Record<Exclude<RunStatus, typeof RunStatus.noRoom>, RecordedEnd['status']>> = {
  [RunStatus.ok]: 'ok',
  [RunStatus.failed]: 'failed',
  [RunStatus.exited]: 'exited',
  [RunStatus.trapped]: 'trapped',
}
