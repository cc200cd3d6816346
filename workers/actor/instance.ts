import { WASIProcExit } from '@bjorn3/browser_wasi_shim'
import { type RunEnd, RunStatus } from '../../src/actors/control.ts'
import type { Program, ServeEnd } from '../../src/actors/worker-api.ts'
import { GliaError } from '../../src/glia/errors.ts'
import { assemblyScriptImports } from './assemblyscript.ts'
import type { Stdio } from './stdio.ts'
import { GuestWasi } from './wasi.ts'

const COMMAND_ENTRY = '_start'
/** Frames of a trap that are worth a line in the log. */
const MAX_FRAMES = 8

/** `    at name (wasm://wasm/00a2dd76:wasm-function[3]:0x4f)` in V8, `name@https://…:wasm-function[3]:0x4f` in Firefox. */
const GUEST_FRAME = /^\s*(?:at )?(.*?)(?:@| \(|$|(?=\S+:wasm-function)).*:wasm-function\[\d+\]:(0x[0-9a-f]+)\)?$/

type Guest = WebAssembly.Instance & { exports: { memory: WebAssembly.Memory } }
type Entry = () => unknown

/** How a message ended, and what it left behind if it ended the instance. */
export interface Outcome {
  end: RunEnd
  /** Set when the instance is gone. */
  exit?: ServeEnd
}

/** An instance of a program, and the way its methods are run. */
export class Instance {
  readonly #program: Program
  readonly #stdio: Stdio
  readonly #suspends: boolean
  #guest: Guest
  #wasi: GuestWasi

  private constructor(program: Program, stdio: Stdio, suspends: boolean, made: { guest: Guest; wasi: GuestWasi }) {
    this.#program = program
    this.#stdio = stdio
    this.#suspends = suspends
    this.#guest = made.guest
    this.#wasi = made.wasi
  }

  /**
   * Makes the instance and runs its `_initialize`.
   * @param suspends Whether guests wait by being suspended (JSPI) instead of blocking.
   * @throws {GliaError} ERR_START
   */
  static async create(program: Program, stdio: Stdio, suspends: boolean): Promise<Instance> {
    return new Instance(program, stdio, suspends, await instantiate(program, stdio, suspends))
  }

  get memoryBytes(): number {
    return this.#guest.exports.memory.buffer.byteLength
  }

  /** Runs a method by its index in the program's list. Gives a promise only where guests are suspended, or for `_start`. */
  run(method: number): Outcome | Promise<Outcome> {
    const name = this.#program.methods[method]
    if (name === undefined) throw new RangeError(`There is no method number ${method}.`)
    if (name === COMMAND_ENTRY) return this.#runCommand()
    this.#wasi.resetStdio()
    return this.#enter(name)
  }

  /** A command gets a fresh instance for each message: it is a program that is run, not a server. */
  #runCommand(): Outcome | Promise<Outcome> {
    if (this.#suspends) {
      return instantiate(this.#program, this.#stdio, true).then((made) => {
        this.#adopt(made)
        return this.#enter(COMMAND_ENTRY)
      })
    }
    try {
      // Synchronously, for the resident loop: workers may, at any size.
      this.#adopt(instantiateSync(this.#program, this.#stdio))
    } catch (thrown) {
      return this.#threw(COMMAND_ENTRY, thrown)
    }
    return this.#enter(COMMAND_ENTRY)
  }

  #adopt({ guest, wasi }: { guest: Guest; wasi: GuestWasi }): void {
    this.#guest = guest
    this.#wasi = wasi
  }

  #enter(name: string): Outcome | Promise<Outcome> {
    try {
      const entry = this.#guest.exports[name] as Entry
      const result = this.#suspends ? WebAssembly.promising(entry)() : entry()
      if (result instanceof Promise) {
        return result.then(
          (value) => this.#returned(value),
          (thrown: unknown) => this.#threw(name, thrown),
        )
      }
      return this.#returned(result)
    } catch (thrown) {
      return this.#threw(name, thrown)
    }
  }

  #returned(value: unknown): Outcome {
    const code = typeof value === 'number' ? value : 0
    return { end: this.#end(code === 0 ? RunStatus.ok : RunStatus.failed, code, false) }
  }

  #threw(name: string, thrown: unknown): Outcome {
    const isCommand = name === COMMAND_ENTRY
    if (thrown instanceof WASIProcExit) {
      const end = this.#end(thrown.code === 0 ? RunStatus.ok : RunStatus.exited, thrown.code, !isCommand)
      // For a command, leaving is the usual end: the next message makes a fresh instance anyway.
      return isCommand ? { end } : { end, exit: { reason: 'exited', code: thrown.code } }
    }
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return {
      end: this.#end(RunStatus.trapped, 0, true),
      exit: { reason: 'trapped', message, frames: guestFrames(thrown) },
    }
  }

  #end(status: RunStatus, code: number, instanceGone: boolean): RunEnd {
    return { status, code, memoryBytes: this.memoryBytes, instanceGone }
  }
}

async function instantiate(
  program: Program,
  stdio: Stdio,
  suspends: boolean,
): Promise<{ guest: Guest; wasi: GuestWasi }> {
  const { wasi, imports, current } = prepare(program, withoutMessage(stdio), suspends)
  try {
    const guest = await WebAssembly.instantiate(program.module, imports)
    const attached = attach(guest, wasi, current)
    const initialize = guest.exports['_initialize']
    if (typeof initialize === 'function') {
      await (suspends ? WebAssembly.promising(initialize as Entry)() : (initialize as Entry)())
    }
    wasi.connect(stdio)
    return { guest: attached, wasi }
  } catch (thrown) {
    throw startError(thrown)
  }
}

/** For commands, which have no `_initialize`. */
function instantiateSync(program: Program, stdio: Stdio): { guest: Guest; wasi: GuestWasi } {
  const { wasi, imports, current } = prepare(program, stdio, false)
  return { guest: attach(new WebAssembly.Instance(program.module, imports), wasi, current), wasi }
}

/** While an instance is made there is no message: nothing to read, nobody to write to. Its log is there. */
function withoutMessage(stdio: Stdio): Stdio {
  return {
    read: () => 0,
    write: ({ length }) => length,
    writeError: (source) => stdio.writeError(source),
    closeRead: () => undefined,
    closeWrite: () => undefined,
    available: 0,
    readable: true,
    broken: false,
    wait: (timeoutMs) => stdio.wait(timeoutMs, false),
  }
}

function prepare(program: Program, stdio: Stdio, suspends: boolean) {
  const wasi = new GuestWasi(stdio, program.args, program.env)
  const current: { guest?: Guest } = {}
  const memory = (): ArrayBuffer => {
    if (!current.guest) throw new WebAssembly.RuntimeError('the module called out before it was instantiated')
    return current.guest.exports.memory.buffer
  }
  const log = (text: string): void => void stdio.writeError(new TextEncoder().encode(text))
  const imports = {
    wasi_snapshot_preview1: wasi.imports((call) => (suspends ? new WebAssembly.Suspending(call) : call)),
    env: assemblyScriptImports(memory, log),
  }
  return { wasi, imports, current }
}

function attach(instance: WebAssembly.Instance, wasi: GuestWasi, current: { guest?: Guest }): Guest {
  const guest = withMemory(instance)
  wasi.attach(guest)
  current.guest = guest
  return guest
}

/** A module may have no memory at all if it never does I/O; it gets an empty one of ours to look at. */
function withMemory(instance: WebAssembly.Instance): Guest {
  if (instance.exports['memory'] instanceof WebAssembly.Memory) return instance as Guest
  const exports = { ...instance.exports, memory: new WebAssembly.Memory({ initial: 0 }) }
  return Object.create(instance, { exports: { value: exports } }) as Guest
}

function startError(thrown: unknown): GliaError {
  if (thrown instanceof WASIProcExit) {
    return new GliaError('ERR_START', `The module exited with code ${thrown.code} while it was started.`)
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  return new GliaError('ERR_START', `The module could not be started: ${why}.`, { cause: thrown })
}

/** The stack's frames inside the module, as `in main.boom at 0x18c519` with the names of its name section. */
function guestFrames(thrown: unknown): string[] {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : ''
  const frames: string[] = []
  for (const line of stack.split('\n')) {
    const [, name, offset] = GUEST_FRAME.exec(line) ?? []
    if (offset !== undefined) frames.push(`in ${name || 'a function without a name'} at ${offset}`)
  }
  return frames.slice(0, MAX_FRAMES)
}
