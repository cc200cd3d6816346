import { WASIProcExit } from '@bjorn3/browser_wasi_shim'
import { type RunEnd, RunStatus, TMP_UNIT_BYTES } from '../../../src/actors/worker/control.ts'
import { isHostLimit, noRoom } from '../../../src/actors/worker/host-limit.ts'
import { guestFrames, trapMessage } from '../../../src/actors/module/trap-text.ts'
import { START_NAME } from '../../../src/actors/module/module-state.ts'
import type { Checkpoint, Extent, WholeSnapshot } from '../../../src/actors/snapshot/snapshot.ts'
import type { Program, ServeEnd } from '../../../src/actors/worker/worker-api.ts'
import { GliaError } from '../../../src/glia/errors.ts'
import { assemblyScriptImports } from './assemblyscript.ts'
import type { DataTree } from '../files/data-tree.ts'
import type { Directory } from '../files/directory.ts'
import { makeFileSystem, MAX_PRIVATE_BYTES } from '../files/file-system.ts'
import type { Mount } from '../files/mount.ts'
import { NO_CALL } from '../carrier/guest-call.ts'
import type { Stdio } from '../carrier/stdio.ts'
import { LiveState } from '../snapshot/live-state.ts'
import { Resuming } from '../snapshot/resume.ts'
import { StateTracker } from '../snapshot/state-tracker.ts'
import { GIVEN, GuestWasi, suspending } from '../wasi/guest-wasi.ts'
import type { Recorder } from './recorder.ts'

const COMMAND_ENTRY = '_start'

type Guest = WebAssembly.Instance & { exports: { memory: WebAssembly.Memory } }
type Entry = () => unknown

/** How a message ended, and what it left behind if it ended the instance. */
export interface Outcome {
  end: RunEnd
  /** Set when the instance is gone. */
  exit?: ServeEnd
}

/** The surroundings of an instance, which outlive it. */
export interface Surroundings {
  stdio: Stdio
  /** Whether guests wait by being suspended (JSPI) instead of blocking. */
  suspends: boolean
  /**
   * Whether exports run on stacks of their own, through `WebAssembly.promising`, also if nothing is suspended. In
   * Chromium 156 such a stack has 984 kB. A worker's own has 500 kB, and a page cannot give it more.
   */
  ownStack: boolean
  data: DataTree
  /** Directories that another part serves, by their names in `/`. */
  mounts: ReadonlyMap<string, Mount>
  /** Writes down what the guest does and is told. */
  recorder?: Recorder | undefined
}

/** An instance of a program, and the way its methods are run. */
export class Instance {
  readonly #program: Program
  readonly #around: Surroundings
  /** Undefined after a command's message, so that the engine may collect its memory. */
  #made: Made | undefined
  /** Whether it has run no message. */
  #isFresh = true
  #memoryBytes = 0

  private constructor(program: Program, around: Surroundings, made: Made) {
    this.#program = program
    this.#around = around
    this.#made = made
  }

  /**
   * Makes the instance and runs its `_initialize`.
   * @param kept The state that it goes on from, without its `_initialize`.
   * @throws {GliaError} ERR_START, ERR_BAD_SNAPSHOT
   */
  static async create(program: Program, around: Surroundings, kept?: WholeSnapshot): Promise<Instance> {
    return new Instance(program, around, await instantiate(program, around, kept))
  }

  /**
   * Between two messages: takes its state.
   * @param whole Whether to give all of it, and not only what has changed.
   * @returns undefined if nothing has changed.
   * @throws {GliaError} ERR_BAD_REQUEST if it is gone, or its state cannot be taken.
   */
  async checkpoint(extent: Extent): Promise<Checkpoint | undefined> {
    const tracker = this.#made?.tracker
    if (!tracker) throw new GliaError('ERR_BAD_REQUEST', 'The state of this process cannot be taken.')
    return tracker.checkpoint(extent)
  }

  /** Memory of the instance's own files, as under `/tmp`, in bytes. Less than {@link TMP_UNIT_BYTES} is not told. */
  get tmpBytes(): number {
    const used = this.#made?.root?.volume.usedBytes ?? 0
    return used - (used % TMP_UNIT_BYTES)
  }

  get memoryBytes(): number {
    if (this.#made) this.#memoryBytes = this.#made.guest.exports.memory.buffer.byteLength
    return this.#memoryBytes
  }

  /** Runs a method by its index in the program's list. Gives a promise only if guests have stacks of their own. */
  run(method: number): Outcome | Promise<Outcome> {
    const name = this.#program.methods[method]
    if (name === undefined) throw new RangeError(`There is no method number ${method}.`)
    this.#around.recorder?.begin(name)
    const made = this.#made
    // A message that runs alone finds an instance that has run nothing if it is the first.
    if (made && (this.#isFresh || !this.#isAlone(name))) {
      this.#isFresh = false
      made.wasi.resetStdio()
      return this.#enter(name, made)
    }
    return this.#makeAgain(name)
  }

  /** Whether a message gets an instance of its own: a command is a program that runs, and not a server. */
  #isAlone(name: string): boolean {
    return name === COMMAND_ENTRY || this.#program.isFresh === true
  }

  #makeAgain(name: string): Outcome | Promise<Outcome> {
    this.#made = undefined
    const enter = (made: Made): Outcome | Promise<Outcome> => {
      this.#made = made
      return this.#enter(name, made)
    }
    const failed = (thrown: unknown): Outcome =>
      isHostLimit(thrown) ? { end: this.#end(name, RunStatus.noRoom, 0, false) } : this.#threw(name, thrown)
    if (this.#around.suspends || name !== COMMAND_ENTRY)
      return instantiate(this.#program, this.#around).then(enter, failed)
    let made: Made
    try {
      // Synchronously, for the resident loop. Workers may do that for modules of any size.
      made = makeNow(this.#program, this.#around)
    } catch (thrown) {
      return failed(thrown)
    }
    return enter(made)
  }

  #enter(name: string, made: Made): Outcome | Promise<Outcome> {
    try {
      const result = entryOf(made, name, this.#around)()
      if (result instanceof Promise) {
        return result.then(
          (value) => this.#returned(name, value),
          (thrown: unknown) => this.#threw(name, thrown),
        )
      }
      return this.#returned(name, result)
    } catch (thrown) {
      return this.#threw(name, thrown)
    }
  }

  #returned(name: string, value: unknown): Outcome {
    const code = typeof value === 'number' ? value : 0
    return { end: this.#end(name, code === 0 ? RunStatus.ok : RunStatus.failed, code, false) }
  }

  #threw(name: string, thrown: unknown): Outcome {
    const isAlone = this.#isAlone(name)
    if (thrown instanceof WASIProcExit) {
      const end = this.#end(name, thrown.code === 0 ? RunStatus.ok : RunStatus.exited, thrown.code, !isAlone)
      // Exiting is the usual end of a command: the next message makes a fresh instance anyway.
      return isAlone ? { end } : { end, exit: { reason: 'exited', code: thrown.code } }
    }
    return {
      end: this.#end(name, RunStatus.trapped, 0, true),
      exit: { reason: 'trapped', message: trapMessage(thrown), frames: guestFrames(thrown) },
    }
  }

  /** Changes of `/data` are reported before the end of the message. */
  #end(name: string, status: RunStatus, code: number, instanceGone: boolean): RunEnd {
    const { memoryBytes } = this
    if (instanceGone || this.#isAlone(name)) this.#made?.wasi.dispose()
    // Nothing runs on this instance again, unless another method of the program does.
    if (this.#program.methods.every((method) => this.#isAlone(method))) this.#made = undefined
    this.#around.recorder?.end(status, code)
    this.#around.data.report()
    // They go with the instance.
    const tmpBytes = instanceGone ? 0 : this.tmpBytes
    const synced = this.#made?.wasi.hasSynced === true
    return { status, code, memoryBytes, tmpBytes, instanceGone, fileReports: this.#around.data.reports, synced }
  }
}

interface Made {
  guest: Guest
  wasi: GuestWasi
  /** Its `/`. */
  root: Directory | undefined
  /** Takes its state; undefined if that cannot be done. */
  tracker: StateTracker | undefined
  /** Exports in the form in which they are called, by name: wrapping one takes longer than a small message. */
  entries: Map<string, Entry>
}

function entryOf({ guest, entries }: Pick<Made, 'guest' | 'entries'>, name: string, { ownStack }: Surroundings): Entry {
  let entry = entries.get(name)
  if (entry === undefined) {
    const exported = guest.exports[name] as Entry
    entry = ownStack ? WebAssembly.promising(exported) : exported
    entries.set(name, entry)
  }
  return entry
}

async function instantiate(program: Program, around: Surroundings, kept?: WholeSnapshot): Promise<Made> {
  const { stdio } = around
  const { wasi, root, resuming, imports, current } = prepare(program, { ...around, stdio: withoutMessage(stdio) }, kept)
  try {
    const guest = attach(await WebAssembly.instantiate(program.module, imports), wasi, current)
    const { state } = program
    const init = state && { ...state, exports: guest.exports, wasi, root, data: around.data.root }
    const tracker = init && (resuming ? resuming.begin(init) : new StateTracker(new LiveState(init)))
    const made: Made = { guest, wasi, root, tracker, entries: new Map<string, Entry>() }
    if (!resuming) await initialize(made, around)
    wasi.connect(stdio)
    return made
  } catch (thrown) {
    wasi.dispose()
    throw thrown instanceof GliaError ? thrown : startError(thrown)
  }
}

/** Runs what a module runs at its start: its start function, if that is exported instead, and `_initialize`. */
async function initialize(made: Made, around: Surroundings): Promise<void> {
  for (const name of [START_NAME, '_initialize']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    if (typeof made.guest.exports[name] === 'function') await entryOf(made, name, around)()
  }
}

/** For commands, which have no `_initialize`. */
function makeNow(program: Program, around: Surroundings): Made {
  const { wasi, root, imports, current } = prepare(program, around)
  const guest = attach(new WebAssembly.Instance(program.module, imports), wasi, current)
  return { guest, wasi, root, tracker: undefined, entries: new Map() }
}

/** While an instance is made there is no message. Its log is there. */
function withoutMessage(stdio: Stdio): Stdio {
  return {
    call: NO_CALL,
    writeError: (source) => stdio.writeError(source),
    waitFor: (isReady, timeoutMs) => stdio.waitFor(isReady, timeoutMs),
    nudge: () => stdio.nudge(),
  }
}

function prepare(program: Program, around: Surroundings, kept?: WholeSnapshot) {
  const { stdio, suspends, data, mounts, recorder } = around
  const { methods, args, env: variables, limits, tty, root: entries = [], shared } = program
  const isCommand = methods.includes(COMMAND_ENTRY)
  const fresh = entries
    ? makeFileSystem({ entries, shared, data: data.root, mounts, maxBytes: limits.maxTmpBytes })
    : undefined
  const resuming = kept && resumingOf(program, kept, fresh)
  const root = resuming?.files?.root ?? fresh
  const wasi = new GuestWasi({ stdio, isCommand, tty, args, env: variables, root, maxOpenFiles: limits.maxOpenFiles })
  const current: { guest?: Guest } = {}
  const memory = (): ArrayBuffer => {
    if (!current.guest) throw new WebAssembly.RuntimeError('the module called out before it was instantiated')
    return current.guest.exports.memory.buffer
  }
  const log = (text: string): void => void stdio.writeError(new TextEncoder().encode(text))
  const calls = { wasi_snapshot_preview1: wasi.imports(), env: assemblyScriptImports(memory, log) }
  const { wasi_snapshot_preview1: given, env } = recorder?.watch(calls, current, program) ?? calls
  const imports = { wasi_snapshot_preview1: suspends ? suspending(given) : given, env }
  return { wasi, root, resuming, imports, current }
}

function resumingOf({ state, limits }: Program, kept: WholeSnapshot, fresh: Directory | undefined): Resuming {
  if (!state) throw new GliaError('ERR_BAD_SNAPSHOT', 'The state of this module cannot be put back.')
  const { maxTmpBytes = MAX_PRIVATE_BYTES, maxOpenFiles } = limits
  return new Resuming(kept, { cid: state.cid, fresh, limits: { maxTmpBytes, maxOpen: GIVEN + maxOpenFiles } })
}

function attach(instance: WebAssembly.Instance, wasi: GuestWasi, current: { guest?: Guest }): Guest {
  const guest = withMemory(instance)
  wasi.attach(guest.exports.memory)
  current.guest = guest
  return guest
}

/** A module without I/O may have no memory. It gets an empty one. */
function withMemory(instance: WebAssembly.Instance): Guest {
  if (instance.exports['memory'] instanceof WebAssembly.Memory) return instance as Guest
  const exports = { ...instance.exports, memory: new WebAssembly.Memory({ initial: 0 }) }
  return Object.create(instance, { exports: { value: exports } }) as Guest
}

function startError(thrown: unknown): GliaError {
  if (thrown instanceof WASIProcExit) {
    return new GliaError('ERR_START', `The module exited with code ${thrown.code} while it was started.`)
  }
  if (isHostLimit(thrown)) return noRoom(thrown)
  return new GliaError('ERR_START', `The module could not be started: ${trapMessage(thrown)}.`, { cause: thrown })
}
