import { wasi } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import type { Mount, OpenHow } from '../files/mount.ts'
import { GuestPort } from '../carrier/guest-port.ts'
import { PortStdio } from '../carrier/port-stdio.ts'
import { GuestWasi } from './guest-wasi.ts'
import { makeFileSystem } from '../files/file-system.ts'
import { DataTree } from '../files/data-tree.ts'
import { Descriptor, type DirEntry, type FileStat, NOT_READY } from './descriptor.ts'
import { ALL_RIGHTS } from './rights.ts'
import { AT, encode, testGuest } from './test-guest.ts'
import { WasiError } from './wasi-error.ts'

/** A stream that contains what was put into it. */
class Pipe extends Descriptor {
  readonly filetype = wasi.FILETYPE_SOCKET_STREAM
  content: Uint8Array<ArrayBuffer> | undefined
  shut = 0
  isClosed = false

  constructor({ rights, flags }: OpenHow) {
    super()
    this.rights = rights | wasi.RIGHTS_SOCK_SHUTDOWN | wasi.RIGHTS_POLL_FD_READWRITE
    this.flags = flags
  }

  override read(target: Uint8Array): number {
    const taken = this.content?.subarray(0, target.length) ?? new Uint8Array()
    target.set(taken)
    return taken.length
  }

  override readable(): number {
    return this.content?.length ?? NOT_READY
  }

  override writable(): number {
    return NOT_READY
  }

  override shutdown(how: number): void {
    this.shut |= how
  }

  override close(): void {
    this.isClosed = true
  }
}

class Folder extends Descriptor {
  readonly filetype = wasi.FILETYPE_DIRECTORY

  constructor({ rights, inheriting }: OpenHow) {
    super()
    this.rights = rights
    this.inheriting = inheriting
  }

  override entries(): Iterable<DirEntry> {
    return [{ name: 'pipe', ino: 9n, filetype: wasi.FILETYPE_SOCKET_STREAM, cookie: 1 }]
  }
}

/** `dir/pipe` is a pipe, its parent a directory, and nothing else exists. */
class TestMount implements Mount {
  readonly pipes: Pipe[] = []
  readonly asked: string[] = []

  open(path: readonly string[], how: OpenHow): Descriptor {
    if (this.stat(path).filetype === wasi.FILETYPE_DIRECTORY) return new Folder(how)
    const pipe = new Pipe(how)
    this.pipes.push(pipe)
    return pipe
  }

  stat(path: readonly string[]): FileStat {
    const name = path.join('/')
    this.asked.push(name)
    const filetype = {
      '': wasi.FILETYPE_DIRECTORY,
      dir: wasi.FILETYPE_DIRECTORY,
      'dir/pipe': wasi.FILETYPE_SOCKET_STREAM,
    }
    const found = filetype[name as keyof typeof filetype]
    if (found === undefined) throw new WasiError(wasi.ERRNO_NOENT)
    return { dev: 7n, ino: 1n, filetype: found, links: 1, size: 0, accessed: 0n, modified: 0n, changed: 0n }
  }
}

function start() {
  const mount = new TestMount()
  return { mount, ...testGuest({ mounts: new Map([['m', mount]]) }) }
}

describe('a directory that something else serves', () => {
  test('is one of `/`, and gets paths without dots', () => {
    const { mount, names, open, stat } = start()
    expect(names()).toEqual(['tmp', 'data', 'm'])
    expect(names('m')).toEqual([]) // of the two names that are dots there is one here
    expect(open('m/./dir//../dir/pipe')).toBeGreaterThan(0)
    expect(stat('m/x/../dir')).toMatchObject({ filetype: wasi.FILETYPE_DIRECTORY })
    expect(stat('m/../m/dir/../../tmp')).toMatchObject({ filetype: wasi.FILETYPE_DIRECTORY })
    expect(open('m/none')).toBe(-wasi.ERRNO_NOENT)
    expect(mount.asked).toEqual(['', 'dir/pipe', 'dir', 'none'])
  })

  test('has directories in it that paths can start at', () => {
    const { open, onPath } = start()
    const dir = open('m/dir', { oflags: wasi.OFLAGS_DIRECTORY })
    expect(open('pipe', { dir })).toBeGreaterThan(dir)
    expect(open('..', { dir })).toBe(-wasi.ERRNO_NOTCAPABLE)
    expect(onPath('path_filestat_get', [dir, 0], 'pipe', AT.stat)).toBe(0)
  })

  test('can be reached through a symbolic link', () => {
    const { open, onPaths } = start()
    onPaths('path_symlink', [], 'm/dir', [3], 'l')
    expect(open('l/pipe')).toBeGreaterThan(0)
  })

  test('is changed by no call of WASI', () => {
    const { onPath, onPaths, create } = start()
    create('f')
    for (const name of ['path_create_directory', 'path_unlink_file', 'path_remove_directory']) {
      for (const path of ['m', 'm/dir', 'm/new'])
        expect([name, onPath(name, [3], path)]).toEqual([name, wasi.ERRNO_ROFS])
    }
    expect(onPaths('path_rename', [3], 'f', [3], 'm/f')).toBe(wasi.ERRNO_ROFS)
    expect(onPaths('path_rename', [3], 'm', [3], 'n')).toBe(wasi.ERRNO_ROFS)
    expect(onPaths('path_link', [3, 0], 'f', [3], 'm/f')).toBe(wasi.ERRNO_ROFS)
    expect(onPaths('path_symlink', [], 'f', [3], 'm/f')).toBe(wasi.ERRNO_ROFS)
    expect(onPath('path_filestat_set_times', [3, 0], 'm/dir', 1n, 1n, wasi.FSTFLAGS_MTIM)).toBe(wasi.ERRNO_ROFS)
  })
})

describe('a stream in it', () => {
  test('is read, received from, shut down and closed', () => {
    const { mount, open, read, call, iovecs, u32 } = start()
    const fd = open('m/dir/pipe')
    const [pipe] = mount.pipes
    if (!pipe) throw new Error('no pipe')
    pipe.content = encode('abc')
    expect(read(fd, 2, 2)).toBe('ab')
    expect(call('sock_recv', fd, AT.iovs, iovecs([9]), 0, AT.done, AT.count)).toBe(0)
    expect(u32(AT.done)).toBe(3)
    expect(call('sock_shutdown', fd, wasi.SDFLAGS_WR)).toBe(0)
    expect(call('sock_shutdown', fd, 4)).toBe(wasi.ERRNO_INVAL)
    expect(call('sock_accept', fd, 0, AT.done)).toBe(wasi.ERRNO_INVAL)
    expect([pipe.shut, pipe.isClosed]).toEqual([wasi.SDFLAGS_WR, false])
    call('fd_close', fd)
    expect(pipe.isClosed).toBe(true)
  })

  test('is closed with the instance', () => {
    const { mount, open, wasi: layer } = start()
    open('m/dir/pipe')
    layer.dispose()
    expect(mount.pipes[0]?.isClosed).toBe(true)
  })
})

test('a guest that is suspended waits for what any of several descriptors gets', async () => {
  const { port1, port2 } = new MessageChannel()
  const stdio = new PortStdio(new GuestPort(port1, true))
  const mount = new TestMount()
  const root = makeFileSystem({ entries: [], data: new DataTree(1e6).root, mounts: new Map([['m', mount]]) })
  const layer = new GuestWasi({ stdio, isCommand: false, args: [], env: [], root, maxOpenFiles: 9 })
  const memory = new WebAssembly.Memory({ initial: 1 })
  layer.attach(memory)
  const calls = layer.imports() as Record<string, (...values: (number | bigint)[]) => number | Promise<number>>
  const bytes = new Uint8Array(memory.buffer)
  const view = new DataView(memory.buffer)
  const path = encode('m/dir/pipe')
  bytes.set(path, AT.path)
  const rights = BigInt(ALL_RIGHTS)
  for (let i = 0; i < 2; i++) {
    expect(calls['path_open']?.(3, 0, AT.path, path.length, 0, rights, rights, 0, AT.done)).toBe(0)
  }
  for (const [i, fd] of [0, 4, 5].entries()) {
    view.setBigUint64(AT.subscriptions + i * 48, BigInt(fd), true)
    view.setUint8(AT.subscriptions + i * 48 + 8, wasi.EVENTTYPE_FD_READ)
    view.setUint32(AT.subscriptions + i * 48 + 16, fd, true)
  }
  const polled = calls['poll_oneoff']?.(AT.subscriptions, AT.events, 3, AT.done)
  expect(polled).toBeInstanceOf(Promise)
  // A change that makes nothing ready, then one that does.
  stdio.nudge()
  await Promise.resolve()
  const [, second] = mount.pipes
  if (second) second.content = encode('late')
  stdio.nudge()
  expect(await polled).toBe(0)
  expect(view.getUint32(AT.done, true)).toBe(1)
  expect(view.getBigUint64(AT.events, true)).toBe(5n)
  expect(view.getBigUint64(AT.events + 16, true)).toBe(4n)
  for (const port of [port1, port2]) port.close()
})
