// For tests: a guest's side of WASI, with its memory and its calls, over rings that nobody empties or fills meanwhile.
import { wasi } from '@bjorn3/browser_wasi_shim'
import type { FileEntry } from '../../../src/actors/files/files-api.ts'
import type { SharedFile } from '../../../src/actors/worker/worker-api.ts'
import { Ring } from '../../../src/actors/carrier/ring.ts'
import { DataTree } from '../files/data-tree.ts'
import { makeFileSystem } from '../files/file-system.ts'
import type { Mount } from '../files/mount.ts'
import { RingStdio } from '../carrier/ring-stdio.ts'
import { GuestWasi } from './guest-wasi.ts'

const PAGE_BYTES = 65_536
/** Where things are in the guest's memory. */
export const AT = {
  iovs: 0,
  done: 64,
  count: 68,
  list: 256,
  buffer: 512,
  subscriptions: 1024,
  events: 2048,
  path: 4096,
  otherPath: 12_288,
  stat: 24_576,
  large: PAGE_BYTES,
}

type Imports = Record<string, (...values: (number | bigint)[]) => number>

export interface TestGuestInit {
  isCommand?: boolean
  tty?: boolean | undefined
  args?: string[]
  env?: string[]
  /** null: no files. */
  entries?: readonly FileEntry[] | null
  shared?: readonly SharedFile[]
  maxTmpBytes?: number
  data?: DataTree
  mounts?: ReadonlyMap<string, Mount>
  maxOpenFiles?: number
}

export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

export type TestGuest = ReturnType<typeof testGuest>

export function testGuest(init: TestGuestInit = {}) {
  const {
    isCommand = false,
    tty,
    args = [],
    env = [],
    entries = [],
    maxOpenFiles = 100,
    shared,
    maxTmpBytes,
    ...files
  } = init
  const [stdin, stdout, stderr] = [Ring.allocate(), Ring.allocate(), Ring.allocate()]
  const stdio = new RingStdio({ stdin: stdin.buffer, stdout: stdout.buffer, stderr: stderr.buffer })
  const memory = new WebAssembly.Memory({ initial: 4 })
  const view = new DataView(memory.buffer)
  const bytes = new Uint8Array(memory.buffer)
  const { data = new DataTree(2 ** 20), mounts = new Map<string, Mount>() } = files
  const root = entries ? makeFileSystem({ entries, shared, data: data.root, mounts, maxBytes: maxTmpBytes }) : undefined
  const layer = new GuestWasi({ stdio, isCommand, tty, args, env, root, maxOpenFiles })
  layer.attach(memory)
  const imports = layer.imports() as Imports

  /** @returns the errno. */
  const call = (name: string, ...values: (number | bigint)[]): number => {
    const run = imports[name]
    if (!run) throw new Error(`There is no ${name}.`)
    return run(...values)
  }

  const text = (at: number, length: number): string => new TextDecoder().decode(bytes.slice(at, at + length))

  const u32 = (at: number): number => view.getUint32(at, true)

  /** Iovecs one behind the other from `at` on. @returns how many. */
  const iovecs = (lengths: readonly number[], at: number = AT.buffer): number => {
    let start = at
    lengths.forEach((length, i) => {
      view.setUint32(AT.iovs + i * 8, start, true)
      view.setUint32(AT.iovs + i * 8 + 4, length, true)
      start += length
    })
    return lengths.length
  }

  /** fd_read into buffers of these lengths: the errno, or the bytes. */
  const read = (fd: number, ...lengths: number[]): number | string => {
    const errno = call('fd_read', fd, AT.iovs, iovecs(lengths), AT.done)
    return errno === 0 ? text(AT.buffer, u32(AT.done)) : errno
  }

  /** fd_write of these texts: the number of bytes, or the errno as a negative number. */
  const write = (fd: number, ...texts: string[]): number => {
    const errno = call('fd_write', fd, AT.iovs, outgoing(texts), AT.done)
    return errno === 0 ? u32(AT.done) : -errno
  }

  const pread = (fd: number, offset: number, ...lengths: number[]): number | string => {
    const errno = call('fd_pread', fd, AT.iovs, iovecs(lengths), BigInt(offset), AT.done)
    return errno === 0 ? text(AT.buffer, u32(AT.done)) : errno
  }

  const pwrite = (fd: number, offset: number, ...texts: string[]): number => {
    const errno = call('fd_pwrite', fd, AT.iovs, outgoing(texts), BigInt(offset), AT.done)
    return errno === 0 ? u32(AT.done) : -errno
  }

  /** @returns the new offset, or the errno as a negative number. */
  const seek = (fd: number, delta: number, whence: number): number => {
    const errno = call('fd_seek', fd, BigInt(delta), whence, AT.done)
    return errno === 0 ? Number(view.getBigUint64(AT.done, true)) : -errno
  }

  /** A call on a path: `values` come before its pointer and length, `after` behind. */
  const onPath = (name: string, values: readonly number[], path: string, ...after: (number | bigint)[]): number => {
    return call(name, ...values, ...place(path, AT.path), ...after)
  }

  /** A call on two paths in two directories, as for rename. */
  const onPaths = (name: string, from: readonly number[], old: string, to: readonly number[], path: string): number =>
    call(name, ...from, ...place(old, AT.path), ...to, ...place(path, AT.otherPath))

  /**
   * path_open in `dir`, with every right that it can give. @returns the descriptor, or the errno as a negative number.
   */
  const open = (path: string, how: Partial<OpenArgs> = {}): number => {
    const { dir = 3, follow = true, oflags = 0, rights, inheriting, fdflags = 0 } = how
    call('fd_fdstat_get', dir, AT.stat)
    const all = view.getBigUint64(AT.stat + 16, true)
    const wanted = rights ?? ((oflags & wasi.OFLAGS_DIRECTORY) === 0 ? all : all & ~BigInt(wasi.RIGHTS_FD_WRITE))
    const lookup = follow ? 1 : 0
    const at = place(path, AT.path)
    const errno = call('path_open', dir, lookup, ...at, oflags, wanted, inheriting ?? all, fdflags, AT.done)
    return errno === 0 ? u32(AT.done) : -errno
  }

  /** Makes a file with this content. */
  const create = (path: string, content = ''): void => {
    const fd = open(path, { oflags: wasi.OFLAGS_CREAT | wasi.OFLAGS_TRUNC })
    if (fd < 0) throw new Error(`errno ${-fd}`)
    if (content !== '') write(fd, content)
    call('fd_close', fd)
  }

  /** The content of a file, or the errno. */
  const content = (path: string): string | number => {
    const fd = open(path)
    if (fd < 0) return -fd
    const found = read(fd, 400)
    call('fd_close', fd)
    return found
  }

  /** The result of path_filestat_get, or the errno. */
  const stat = (path: string, follow = false): TestStat | number => {
    const errno = onPath('path_filestat_get', [3, follow ? 1 : 0], path, AT.stat)
    return errno === 0 ? readStat() : errno
  }

  /** The result of fd_filestat_get, or the errno. */
  const fdStat = (fd: number): TestStat | number => {
    const errno = call('fd_filestat_get', fd, AT.stat)
    return errno === 0 ? readStat() : errno
  }

  /** One fd_readdir: the whole names, and the cookie after each. */
  const readdir = (fd: number, cookie = 0n, room = 4096): { name: string; cookie: bigint; filetype: number }[] => {
    const errno = call('fd_readdir', fd, AT.large, room, cookie, AT.done)
    if (errno !== 0) throw new Error(`errno ${errno}`)
    const end = AT.large + u32(AT.done)
    const found = []
    for (let at = AT.large; at + 24 <= end;) {
      const length = u32(at + 16)
      if (at + 24 + length > end) break
      const name = text(at + 24, length)
      found.push({ name, cookie: view.getBigUint64(at, true), filetype: view.getUint8(at + 20) })
      at += 24 + length
    }
    return found
  }

  /** The names in a directory, without `.` and `..`. */
  const names = (path = '.'): string[] => {
    const fd = open(path, { oflags: wasi.OFLAGS_DIRECTORY })
    const all = readdir(fd).map(({ name }) => name)
    call('fd_close', fd)
    return all.slice(2)
  }

  function outgoing(texts: readonly string[]): number {
    const parts = texts.map(encode)
    let at: number = AT.large
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return iovecs(
      parts.map(({ length }) => length),
      AT.large,
    )
  }

  function place(path: string, at: number): [number, number] {
    const encoded = encode(path)
    bytes.set(encoded, at)
    return [at, encoded.length]
  }

  function readStat(): TestStat {
    return {
      ino: view.getBigUint64(AT.stat + 8, true),
      filetype: view.getUint8(AT.stat + 16),
      links: Number(view.getBigUint64(AT.stat + 24, true)),
      size: Number(view.getBigUint64(AT.stat + 32, true)),
      accessed: view.getBigUint64(AT.stat + 40, true),
      modified: view.getBigUint64(AT.stat + 48, true),
    }
  }

  return {
    wasi: layer,
    stdin,
    stdout,
    stderr,
    stdio,
    view,
    bytes,
    call,
    text,
    u32,
    iovecs,
    read,
    write,
    pread,
    pwrite,
    seek,
    onPath,
    onPaths,
    open,
    create,
    content,
    stat,
    fdStat,
    readdir,
    names,
  }
}

export interface TestStat {
  ino: bigint
  filetype: number
  links: number
  size: number
  accessed: bigint
  modified: bigint
}

interface OpenArgs {
  dir: number
  follow: boolean
  oflags: number
  rights: bigint
  inheriting: bigint
  fdflags: number
}
