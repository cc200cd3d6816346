import { Fd, PreopenDirectory, WASI, wasi } from '@bjorn3/browser_wasi_shim'
import { BROKEN } from '../../src/actors/ring.ts'
import { pollOneoff } from './poll.ts'
import type { Stdio } from './stdio.ts'

/** A guest's view of a WASI function: numbers in, an errno out, or a promise of it where the guest can be suspended. */
type Errno = number
type Guest = { exports: { memory: WebAssembly.Memory } }

/** Marks descriptors that are the message, its reply and the log; the shim's own calls on them only need the type. */
class StdioFd extends Fd {
  readonly role: 'stdin' | 'stdout' | 'stderr'
  readonly #stdio: () => Stdio

  constructor(role: 'stdin' | 'stdout' | 'stderr', stdio: () => Stdio) {
    super()
    this.role = role
    this.#stdio = stdio
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0)
    const rights = this.role === 'stdin' ? wasi.RIGHTS_FD_READ : wasi.RIGHTS_FD_WRITE
    fdstat.fs_rights_base = BigInt(rights)
    return { ret: wasi.ERRNO_SUCCESS, fdstat }
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new wasi.Filestat(0n, wasi.FILETYPE_CHARACTER_DEVICE, 0n) }
  }

  override fd_close(): number {
    if (this.role === 'stdin') this.#stdio().closeRead()
    if (this.role === 'stdout') this.#stdio().closeWrite()
    return wasi.ERRNO_SUCCESS
  }

  override fd_fdstat_set_flags(): number {
    return wasi.ERRNO_SUCCESS
  }
}

/**
 * WASI preview 1 for one instance: the shim's file system, with our own standard descriptors, poll and sockets where the
 * shim's block, spin, copy twice or throw strings (FACTS 2.4, shim 0.4.2).
 */
export class GuestWasi {
  readonly #shim: WASI
  #stdio: Stdio

  constructor(stdio: Stdio, args: readonly string[], env: readonly string[]) {
    this.#stdio = stdio
    const preopened = ['/', '/tmp'].map((path) => new PreopenDirectory(path, new Map()))
    this.#shim = new WASI([...args], [...env], [...standardFds(() => this.#stdio), ...preopened], { debug: false })
  }

  /** Call it with the instance before any of its code runs (a start function aside, which WASI does not allow to call in). */
  attach(guest: Guest): void {
    this.#shim.inst = guest
  }

  /** From now on the standard descriptors are these. */
  connect(stdio: Stdio): void {
    this.#stdio = stdio
  }

  /** Gives a new message its descriptors, whatever the one before it did to them. */
  resetStdio(): void {
    this.#shim.fds.splice(0, 3, ...standardFds(() => this.#stdio))
  }

  /** The import object's `wasi_snapshot_preview1`. @param suspending Wraps functions that may give a promise (JSPI). */
  imports(suspending: (call: WaitingFunction) => WebAssembly.ImportValue): Record<string, WebAssembly.ImportValue> {
    const shim = this.#shim.wasiImport
    return {
      ...(shim as Record<string, WebAssembly.ImportValue>),
      fd_read: suspending((fd, iovs, count, done) => {
        if (this.#role(fd) === undefined) return Number(shim['fd_read']?.(fd, iovs, count, done))
        return this.#read(fd, iovs, count, done)
      }),
      fd_write: suspending((fd, iovs, count, done) => {
        if (this.#role(fd) === undefined) return Number(shim['fd_write']?.(fd, iovs, count, done))
        return this.#write(fd, iovs, count, done)
      }),
      poll_oneoff: suspending((subscriptions, events, count, done) =>
        pollOneoff(this.#view(), { subscriptions, events, count, done }, this.#pollable()),
      ),
      args_sizes_get: (count: number, bytes: number) => this.#argsSizes(count, bytes),
      proc_raise: (signal: number) => {
        throw new WebAssembly.RuntimeError(`the guest raised signal ${signal}`)
      },
      sock_accept: () => wasi.ERRNO_NOTSOCK,
      sock_recv: () => wasi.ERRNO_NOTSOCK,
      sock_send: () => wasi.ERRNO_NOTSOCK,
      sock_shutdown: () => wasi.ERRNO_NOTSOCK,
    }
  }

  #role(fd: number): StdioFd['role'] | undefined {
    const descriptor = this.#shim.fds[fd]
    return descriptor instanceof StdioFd ? descriptor.role : undefined
  }

  /** Returns after the first buffer that got bytes: filling the next one would block with bytes already delivered. */
  #read(fd: number, iovs: number, count: number, done: number): Errno | Promise<Errno> {
    if (this.#role(fd) !== 'stdin') return wasi.ERRNO_BADF
    const target = this.#firstBuffer(iovs, count)
    return this.#finish(target ? this.#stdio.read(target) : 0, done, wasi.ERRNO_CANCELED)
  }

  #write(fd: number, iovs: number, count: number, done: number): Errno | Promise<Errno> {
    const role = this.#role(fd)
    if (role === 'stdin') return wasi.ERRNO_BADF
    // A partial write is allowed: the guest's library comes again with the rest.
    const source = this.#firstBuffer(iovs, count)
    if (!source) return this.#finish(0, done, wasi.ERRNO_PIPE)
    const written = role === 'stderr' ? this.#stdio.writeError(source) : this.#stdio.write(source)
    return this.#finish(written, done, wasi.ERRNO_PIPE)
  }

  #finish(result: number | Promise<number>, done: number, broken: Errno): Errno | Promise<Errno> {
    if (typeof result !== 'number') return result.then((count) => this.#finish(count, done, broken))
    if (result === BROKEN) return broken
    this.#view().setUint32(done, result, true)
    return wasi.ERRNO_SUCCESS
  }

  /** A view on the first of the guest's iovecs that has room, in guest memory itself: ring to memory is one copy. */
  #firstBuffer(iovs: number, count: number): Uint8Array | undefined {
    const view = this.#view()
    for (let at = iovs; at < iovs + count * 8; at += 8) {
      const length = view.getUint32(at + 4, true)
      if (length > 0) return new Uint8Array(view.buffer, view.getUint32(at, true), length)
    }
    return undefined
  }

  #view(): DataView {
    return new DataView(this.#shim.inst.exports.memory.buffer)
  }

  #pollable(): Parameters<typeof pollOneoff>[2] {
    return {
      stdio: this.#stdio,
      kind: (fd) => {
        const role = this.#role(fd)
        if (role) return role === 'stdin' ? 'stdin' : 'ready'
        return this.#shim.fds[fd] === undefined ? 'closed' : 'ready'
      },
    }
  }

  /** The shim counts UTF-16 units here. */
  #argsSizes(count: number, bytes: number): Errno {
    const encoder = new TextEncoder()
    const view = this.#view()
    view.setUint32(count, this.#shim.args.length, true)
    view.setUint32(
      bytes,
      this.#shim.args.reduce((sum, arg) => sum + encoder.encode(arg).length + 1, 0),
      true,
    )
    return wasi.ERRNO_SUCCESS
  }
}

/** Four numbers in, an errno out: the shape of the three WASI functions that can wait. */
type WaitingFunction = (a: number, b: number, c: number, d: number) => Errno | Promise<Errno>

/** @param stdio The current ones: closing stdin or stdout ends that half of the call. */
function standardFds(stdio: () => Stdio): Fd[] {
  return [new StdioFd('stdin', stdio), new StdioFd('stdout', stdio), new StdioFd('stderr', stdio)]
}
