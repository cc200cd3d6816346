import { wasi, WASIProcExit } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import { WASI_FUNCTIONS } from '../../../src/actors/module/wasi-names.ts'
import { DataTree } from '../files/data-tree.ts'
import { Directory, MountPoint } from '../files/directory.ts'
import type { Mount, OpenHow } from '../files/mount.ts'
import { Descriptor, type DirEntry } from './descriptor.ts'
import { AT, type TestGuest, testGuest } from './test-guest.ts'

/** Pointers that lead out of the memory of four pages, as WebAssembly gives them: signed. */
const OUTSIDE = [4 * 65_536, 4 * 65_536 - 3, 0x7fff_fff0, -1, -2_147_483_648]

describe('a pointer that leads out of the memory', () => {
  test.each(OUTSIDE)('%d is refused, wherever it is given', (at) => {
    const { call, open, bytes } = testGuest({ args: ['x'] })
    const fd = open('a', { oflags: wasi.OFLAGS_CREAT })
    bytes.set(new TextEncoder().encode('a'), AT.path)
    const calls: [string, ...(number | bigint)[]][] = [
      ['args_get', at, at],
      ['args_sizes_get', at, AT.done],
      ['environ_sizes_get', AT.done, at],
      ['clock_time_get', 0, 0n, at],
      ['clock_res_get', 0, at],
      ['fd_read', fd, at, 1, AT.done],
      ['fd_read', fd, AT.iovs, 0, at],
      ['fd_write', fd, at, 1, AT.done],
      ['fd_pread', fd, at, 1, 0n, AT.done],
      ['fd_pwrite', fd, AT.iovs, 0, 0n, at],
      ['fd_seek', fd, 0n, 0, at],
      ['fd_tell', fd, at],
      ['fd_fdstat_get', fd, at],
      ['fd_filestat_get', fd, at],
      ['fd_prestat_get', 3, at],
      ['fd_readdir', 3, at, 100, 0n, AT.done],
      ['fd_readdir', 3, AT.buffer, 100, 0n, at],
      ['path_open', 3, 0, at, 4, 0, 0n, 0n, 0, AT.done],
      ['path_open', 3, 0, AT.path, 1, 0, 0n, 0n, 0, at],
      ['path_filestat_get', 3, 0, AT.path, 1, at],
      ['path_create_directory', 3, at, 4],
      ['path_symlink', at, 4, 3, AT.path, 1],
      ['path_rename', 3, AT.path, 1, 3, at, 4],
      ['poll_oneoff', at, AT.events, 1, AT.done],
      ['poll_oneoff', AT.subscriptions, at, 1, AT.done],
      ['poll_oneoff', AT.subscriptions, AT.events, 1, at],
      ['random_get', at, 4],
    ]
    const answers = calls.map(([name, ...values]) => [name, call(name, ...values)])
    expect(answers).toEqual(calls.map(([name]) => [name, wasi.ERRNO_FAULT]))
  })

  test('in a list of buffers is refused before anything is read', () => {
    const { call, view, stdin } = testGuest()
    stdin.put(new Uint8Array(8))
    view.setUint32(AT.iovs, 0xffff_fff0, true)
    view.setUint32(AT.iovs + 4, 8, true)
    expect(call('fd_read', 0, AT.iovs, 1, AT.done)).toBe(wasi.ERRNO_FAULT)
    view.setUint32(AT.iovs, AT.buffer, true)
    view.setUint32(AT.iovs + 4, 0xffff_ffff, true)
    expect(call('fd_read', 0, AT.iovs, 1, AT.done)).toBe(wasi.ERRNO_FAULT)
    expect(stdin.available).toBe(8)
  })
})

test('of a list with more buffers than are taken at once, the first are', () => {
  const { call, view, stdin, stdout, u32 } = testGuest()
  const list = AT.large
  for (let i = 0; i < 3000; i++) {
    view.setUint32(list + i * 8, AT.buffer, true)
    view.setUint32(list + i * 8 + 4, 1, true)
  }
  // A stream is through after the first buffer that takes bytes; a file takes as many as there are.
  stdin.put(new Uint8Array(8))
  for (const count of [1025, 3000]) {
    expect(call('fd_read', 0, list, count, AT.done)).toBe(wasi.ERRNO_SUCCESS)
    expect(u32(AT.done)).toBe(1)
    expect(call('fd_write', 1, list, count, AT.done)).toBe(wasi.ERRNO_SUCCESS)
    expect(stdout.take()?.length).toBe(1)
  }
  // A list that no memory has room for.
  expect(call('fd_read', 0, list, -1, AT.done)).toBe(wasi.ERRNO_INVAL)
  expect(call('fd_write', 1, list, -1, AT.done)).toBe(wasi.ERRNO_INVAL)
})

test('absurd counts are refused', () => {
  const { call } = testGuest()
  for (const count of [0, 4097, -1]) {
    expect(call('poll_oneoff', AT.subscriptions, AT.events, count, AT.done)).toBe(wasi.ERRNO_INVAL)
  }
  expect(call('random_get', 0, -1)).toBe(wasi.ERRNO_FAULT)
  expect(call('path_open', 3, 0, AT.path, -1, 0, 0n, 0n, 0, AT.done)).toBe(wasi.ERRNO_NAMETOOLONG)
})

/** Small numbers, numbers at the edges, and any. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed
  const next = (): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9
    return (state ^ (state >>> 12)) | 0
  }
  for (;;) {
    const kind = next() & 7
    const any = next()
    if (kind < 3) yield any & 7
    else if (kind < 6) yield any & 0x3_ffff
    else yield kind === 6 ? ([-1, 0x7fff_ffff, 262_143, 4][any & 3] ?? 0) : any
  }
}

/** Parameters of each function that are 64 bits wide, by their place. */
const WIDE: Readonly<Record<string, readonly number[]>> = {
  clock_time_get: [1],
  fd_advise: [1, 2],
  fd_allocate: [1, 2],
  fd_fdstat_set_rights: [1, 2],
  fd_filestat_set_size: [1],
  fd_filestat_set_times: [1, 2],
  fd_pread: [3],
  fd_pwrite: [3],
  fd_readdir: [3],
  fd_seek: [1],
  path_filestat_set_times: [4, 5],
  path_open: [5, 6],
}

/** All but the one that waits and the one that traps for most numbers. */
const FUNCTIONS = [...WASI_FUNCTIONS].filter((name) => name !== 'poll_oneoff' && name !== 'proc_raise')

/** The function that ends the guest. */
const ENDS: Readonly<Record<string, string>> = { proc_exit: 'its exit' }

function answerOf(call: () => number): string {
  try {
    return typeof call() === 'number' ? 'a number' : 'something else'
  } catch (thrown) {
    if (thrown instanceof WASIProcExit) return 'its exit'
    return String(thrown)
  }
}

const PATHS = ['a', 'd', 'd', 'd/f', 'd/../b', 'data/a', 'data/d', 'data/d', 'data/d/f', 'm', 'm/x', 'n'.repeat(250)]

/** Has a directory `dir`, and streams under all other names. */
const MOUNT: Mount = {
  open: (path, how) => (isDir(path) ? new TestFolder(how) : new TestStream(how)),
  stat: (path) => (isDir(path) ? new TestFolder({ rights: 0 }) : new TestStream({ rights: 0 })).stat(),
}

function isDir([name]: readonly string[]): boolean {
  return name === undefined || name === 'dir'
}

class TestStream extends Descriptor {
  readonly filetype: number = wasi.FILETYPE_SOCKET_STREAM

  constructor({ rights }: Pick<OpenHow, 'rights'>) {
    super()
    this.rights = rights
  }

  override read(): number {
    return 0
  }

  override write({ length }: Uint8Array): number {
    return length
  }

  override shutdown(): void {}
}

class TestFolder extends TestStream {
  override readonly filetype = wasi.FILETYPE_DIRECTORY

  override entries(): Iterable<DirEntry> {
    return [{ name: 'x', ino: 9n, filetype: wasi.FILETYPE_SOCKET_STREAM, cookie: 1 }]
  }
}

/** Takes all names of a tree away, but those of other trees in it. */
function empty(directory: Directory): void {
  for (const [name, inode] of directory.children()) {
    if (inode instanceof MountPoint || inode.volume !== directory.volume) continue
    if (inode instanceof Directory) empty(inode)
    directory.remove(name)
  }
}

type NamedCall = [name: string, call: () => number]

/** Any function with any numbers. */
function randomCall(guest: TestGuest, next: () => number): NamedCall {
  const name = FUNCTIONS[(next() >>> 0) % FUNCTIONS.length] ?? ''
  const values = Array.from({ length: 9 }, (_, at) => {
    const value = next()
    return WIDE[name]?.includes(at) ? BigInt(value) << BigInt(value & 31) : value
  })
  return [name, () => guest.call(name, ...values)]
}

/** A call on a path or a file that may well succeed: by chance alone a guest would come upon no path. */
function sensibleCall({ open, write, call, onPath, onPaths }: TestGuest, next: () => number): NamedCall {
  const path = (): string => PATHS[(next() >>> 0) % PATHS.length] ?? ''
  const fd = 4 + (next() & 3)
  const dir = next() & 1 ? 3 : fd
  const calls: NamedCall[] = [
    ['opendir', () => open(path(), { dir, oflags: wasi.OFLAGS_DIRECTORY })],
    ['mkdir', () => onPath('path_create_directory', [dir], path())],
    ['unlink', () => onPath('path_unlink_file', [dir], path())],
    ['rmdir', () => onPath('path_remove_directory', [dir], path())],
    ['link', () => onPaths('path_link', [dir, next() & 1], path(), [dir], path())],
    ['rename', () => onPaths('path_rename', [dir], path(), [3], path())],
    ['symlink', () => onPaths('path_symlink', [], path(), [dir], path())],
    ['truncate', () => call('fd_filestat_set_size', fd, BigInt(next() & 0x7fff))],
    ['close', () => call('fd_close', fd)],
    ['write', () => write(fd, 'x'.repeat(next() & 0xfff))],
  ]
  return calls[next() & 15] ?? ['open', () => open(path(), { dir, oflags: next() & 15 })]
}

test('whatever a guest calls with whatever numbers is answered with a number, and nothing of it stays', () => {
  const random = numbers(1)
  const next = (): number => random.next().value
  for (let round = 0; round < 200; round++) {
    const data = new DataTree(20_000)
    const { root } = data
    const guest = testGuest({ args: ['test'], env: ['A=B'], maxOpenFiles: 8, data, mounts: new Map([['m', MOUNT]]) })
    const left = (): number[] =>
      [root.parent, root].map((tree) => {
        empty(tree)
        return tree.volume.left
      })
    const before = left()
    // Nothing here may wait.
    guest.stdin.end()
    guest.stdout.cancel()
    guest.stderr.cancel()
    for (let i = 0; i < 64; i++) guest.view.setUint32(next() & 0x3_fff8, next(), true)
    for (let i = 0; i < 250; i++) {
      if (i % 100 === 0) guest.wasi.resetStdio()
      const [name, call] = next() & 1 ? sensibleCall(guest, next) : randomCall(guest, next)
      expect([name, answerOf(call)]).toEqual([name, ENDS[name] ?? 'a number'])
    }
    guest.wasi.dispose()
    expect(left()).toEqual(before)
  }
})
