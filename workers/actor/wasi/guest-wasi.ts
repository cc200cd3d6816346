import type { Directory } from '../files/directory.ts'
import { DirectoryDescriptor } from '../files/file-descriptor.ts'
import type { Stdio } from '../carrier/stdio.ts'
import type { WasiContext } from './context.ts'
import type { Descriptor } from './descriptor.ts'
import { DescriptorTable } from './descriptor-table.ts'
import { fileCalls } from './file-calls.ts'
import { type GuestCall, guard, type WasiCall } from './guard.ts'
import { GuestMemory } from './guest-memory.ts'
import { pathCalls } from './path-calls.ts'
import { pollOneoff } from './poll.ts'
import { monotonicNs, NS_PER_MS, processCalls } from './process-calls.ts'
import { ALL_RIGHTS } from './rights.ts'
import { socketCalls } from './socket-calls.ts'
import { StderrDescriptor, StdinDescriptor, type StdioDescriptor, StdoutDescriptor } from './stdio-descriptor.ts'

/** Descriptors that every guest has: the three of the message, and `/`. */
export const GIVEN = 4

/** What each message finds as descriptors 0, 1 and 2. */
const STANDARD = [StdinDescriptor, StdoutDescriptor, StderrDescriptor] as const

/** Functions that can wait. They suspend a guest that cannot block. */
const WAITING: ReadonlySet<string> = new Set([
  'fd_read',
  'fd_write',
  'fd_close',
  'fd_renumber',
  'path_open',
  'path_filestat_get',
  'poll_oneoff',
  'sock_recv',
  'sock_send',
])

export interface GuestWasiInit {
  stdio: Stdio
  isCommand: boolean
  /** Whether the standard descriptors look like a terminal. Left out: they look like pipes. */
  tty?: boolean | undefined
  args: readonly string[]
  /** `KEY=value` each. */
  env: readonly string[]
  /** The directory that the guest finds as `/`; undefined if it has no files. */
  root?: Directory | undefined
  /** Files and directories that may be open at once, beside those that are open from the start. */
  maxOpenFiles: number
}

/**
 * WASI preview 1 for one instance, with the numbers of @bjorn3/browser_wasi_shim 0.4.2. Functions and file system are
 * our own: those of the shim block, spin, copy twice, throw strings, or are missing (the README has the list).
 */
export class GuestWasi {
  readonly #context: WasiContext
  readonly #calls: Record<string, WasiCall>
  readonly #standard: StdioDescriptor[] = []

  constructor({ stdio, isCommand, tty = false, args, env, root, maxOpenFiles }: GuestWasiInit) {
    const table = new DescriptorTable(GIVEN + maxOpenFiles)
    const context: WasiContext = {
      memory: new GuestMemory(),
      table,
      stdio,
      isCommand,
      isTerminal: tty,
      clockAheadMs: 0,
      hasSynced: false,
    }
    this.#context = context
    this.#calls = {
      ...processCalls(context, args, env),
      ...fileCalls(context),
      ...pathCalls(context),
      ...socketCalls(context),
      poll_oneoff: (subscriptions: number, events: number, count: number, done: number) =>
        pollOneoff(context, { subscriptions, events, count, done }),
    }
    this.resetStdio()
    if (root) context.table.add(preopened('/', root))
  }

  /**
   * Call it with the instance before any of its code runs. (A start function runs before; WASI does not allow it to
   * make calls.)
   */
  attach(memory: WebAssembly.Memory): void {
    this.#context.memory.attach(memory)
  }

  /** Sets the standard descriptors from now on. */
  connect(stdio: Stdio): void {
    this.#context.stdio = stdio
  }

  /**
   * Gives a new message its descriptors, whatever the message before did to them. What that message left at their
   * numbers is abandoned, and so are its own descriptors, wherever they are.
   */
  resetStdio(): void {
    const { table } = this.#context
    this.#context.hasSynced = false
    STANDARD.forEach((Standard, fd) => {
      const descriptor = this.#standard[fd]
      if (descriptor && table.holds(fd, descriptor)) return descriptor.reset()
      if (descriptor) table.drop(descriptor)
      const fresh = new Standard(this.#context)
      this.#standard[fd] = fresh
      table.set(fd, fresh)
    })
  }

  /** Whether the message has asked for files to be stored, as by `fsync`. */
  get hasSynced(): boolean {
    return this.#context.hasSynced
  }

  /** What the guest has open, by number. */
  get open(): Iterable<readonly [fd: number, descriptor: Descriptor]> {
    return this.#context.table.entries()
  }

  /** The guest's monotonic clock, in ns. */
  get monotonicNs(): bigint {
    return monotonicNs(this.#context)
  }

  /**
   * The guest goes on where another instance has stopped. It has these descriptors open, and nothing else beside the
   * standard ones.
   * @param monotonic Time of its monotonic clock, in ns, which never goes back.
   */
  resume(open: ReadonlyMap<number, Descriptor>, monotonic: bigint): void {
    const { table } = this.#context
    table.closeAll()
    this.#standard.length = 0
    this.resetStdio()
    for (const [fd, descriptor] of open) table.set(fd, descriptor)
    this.#context.clockAheadMs = Number(monotonic) / NS_PER_MS - performance.now()
  }

  /** Closes what the guest has open, because it is gone. */
  dispose(): void {
    this.#context.table.closeAll()
  }

  /** The functions that the guest imports. */
  imports(): Record<string, GuestCall> {
    const { memory } = this.#context
    return Object.fromEntries(Object.entries(this.#calls).map(([name, call]) => [name, guard(call, memory)]))
  }
}

/** The same functions for guests that are suspended (JSPI) by those that may give a promise. */
export function suspending(calls: Record<string, GuestCall>): Record<string, WebAssembly.ImportValue> {
  const entries = Object.entries(calls)
  return Object.fromEntries(
    entries.map(([name, call]) => [name, WAITING.has(name) ? new WebAssembly.Suspending(call) : call]),
  )
}

function preopened(name: string, directory: Directory): DirectoryDescriptor {
  const how = { rights: ALL_RIGHTS, inheriting: ALL_RIGHTS, flags: 0 }
  const descriptor = new DirectoryDescriptor(directory, how)
  descriptor.preopenName = name
  return descriptor
}
