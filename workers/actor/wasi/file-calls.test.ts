import { wasi } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import { AT, type TestGuest, testGuest } from './test-guest.ts'

const { OFLAGS_CREAT: CREATE, OFLAGS_TRUNC: TRUNCATE, OFLAGS_DIRECTORY: DIRECTORY } = wasi
const { WHENCE_SET: SET, WHENCE_CUR: CUR, WHENCE_END: END } = wasi
const READ = BigInt(wasi.RIGHTS_FD_READ)

describe('a file', () => {
  test('is read and written from where it was left', () => {
    const { open, write, read, seek } = testGuest()
    const fd = open('a', { oflags: CREATE })
    expect(write(fd, 'one', '', 'two')).toBe(6)
    expect(seek(fd, 1, SET)).toBe(1)
    expect(read(fd, 1, 0, 2)).toBe('net')
    expect(read(fd, 100)).toBe('wo')
    expect(read(fd, 100)).toBe('')
    expect(read(fd)).toBe('')
  })

  test('is sought from its start, its end and where it is, and never before its start', () => {
    const { open, write, read, seek, call, u32 } = testGuest()
    const fd = open('a', { oflags: CREATE })
    write(fd, '0123456789')
    expect(seek(fd, -4, END)).toBe(6)
    expect(seek(fd, 2, CUR)).toBe(8)
    expect(read(fd, 1)).toBe('8')
    expect(seek(fd, -20, CUR)).toBe(-wasi.ERRNO_INVAL)
    expect(seek(fd, 0, 3)).toBe(-wasi.ERRNO_INVAL)
    expect(call('fd_tell', fd, AT.done)).toBe(0)
    expect(u32(AT.done)).toBe(9)
  })

  test('that is written behind its end has zeros in between', () => {
    const { open, write, seek, pread, fdStat } = testGuest()
    const fd = open('a', { oflags: CREATE })
    expect(seek(fd, 3, SET)).toBe(3)
    expect(fdStat(fd)).toMatchObject({ size: 0 })
    expect(write(fd, 'x')).toBe(1)
    expect(pread(fd, 0, 10)).toBe('\0\0\0x')
  })

  test('is read and written at an offset without moving', () => {
    const { open, pwrite, pread, seek } = testGuest()
    const fd = open('a', { oflags: CREATE })
    expect(pwrite(fd, 2, 'abc', 'def')).toBe(6)
    expect(pread(fd, 3, 2, 2)).toBe('bcde')
    expect(pread(fd, 100, 2)).toBe('')
    expect(seek(fd, 0, CUR)).toBe(0)
  })

  test('that appends writes at its end, wherever it is and whoever has written', () => {
    const { open, write, seek, content, call } = testGuest()
    const fd = open('a', { oflags: CREATE, fdflags: wasi.FDFLAGS_APPEND })
    const other = open('a')
    write(fd, 'one')
    write(other, 'ONE more')
    seek(fd, 0, SET)
    write(fd, '!')
    expect(seek(fd, 0, CUR)).toBe(9)
    expect(content('a')).toBe('ONE more!')
    expect(call('fd_fdstat_set_flags', fd, 0)).toBe(0)
    seek(fd, 0, SET)
    write(fd, 'two')
    expect(content('a')).toBe('two more!')
  })

  test('is made longer with zeros and shorter for good', () => {
    const { create, open, call, content, fdStat } = testGuest()
    create('a', '0123456789')
    const fd = open('a')
    expect(call('fd_filestat_set_size', fd, 4n)).toBe(0)
    expect(call('fd_filestat_set_size', fd, 6n)).toBe(0)
    expect(content('a')).toBe('0123\0\0')
    expect(call('fd_allocate', fd, 2n, 3n)).toBe(0)
    expect(fdStat(fd)).toMatchObject({ size: 6 })
    expect(call('fd_allocate', fd, 6n, 2n)).toBe(0)
    expect(content('a')).toBe('0123\0\0\0\0')
    expect(call('fd_allocate', fd, 0n, 0n)).toBe(wasi.ERRNO_INVAL)
    expect(open('a', { oflags: TRUNCATE })).toBeGreaterThan(0)
    expect(content('a')).toBe('')
  })

  test('grows by small writes without being copied at each', () => {
    const { open, call, iovecs, bytes, fdStat, u32, seek } = testGuest()
    const fd = open('a', { oflags: CREATE })
    const part = 8192
    for (let i = 0; i < 4096; i++) {
      bytes.fill(i, AT.large, AT.large + part)
      // A copy would move 64 GiB.
      call('fd_write', fd, AT.iovs, iovecs([part], AT.large), AT.done)
    }
    expect(fdStat(fd)).toMatchObject({ size: 4096 * part })
    seek(fd, 4095 * part, SET)
    call('fd_read', fd, AT.iovs, iovecs([part], AT.large), AT.done)
    expect([u32(AT.done), bytes[AT.large], bytes[AT.large + part - 1]]).toEqual([part, 255, 255])
  })

  test('that grows beyond what there is leaves no room, and nothing broken', () => {
    const { open, call, write, content } = testGuest()
    const fd = open('a', { oflags: CREATE })
    write(fd, 'kept')
    for (const size of [2n ** 33n, 2n ** 53n - 1n]) {
      expect(call('fd_filestat_set_size', fd, size)).toBe(wasi.ERRNO_NOSPC)
      expect(call('fd_allocate', fd, size - 1n, 1n)).toBe(wasi.ERRNO_NOSPC)
    }
    expect(call('fd_filestat_set_size', fd, -1n)).toBe(wasi.ERRNO_FBIG)
    expect(content('a')).toBe('kept')
  })

  test('gives its room back when its last name and its last descriptor are gone', () => {
    const { open, call, onPath } = testGuest()
    const most = 200n * 1024n * 1024n
    for (let i = 0; i < 4; i++) {
      const fd = open('a', { oflags: CREATE })
      expect(call('fd_filestat_set_size', fd, most)).toBe(0)
      const other = open('b', { oflags: CREATE })
      expect(call('fd_filestat_set_size', other, most)).toBe(wasi.ERRNO_NOSPC)
      call('fd_close', other)
      if (i % 2 === 0) call('fd_close', fd)
      expect(onPath('path_unlink_file', [3], 'a')).toBe(0)
      if (i % 2 === 1) call('fd_close', fd)
    }
  })

  test('that has no name any more is there until it is closed', () => {
    const { open, write, pread, onPath, fdStat } = testGuest()
    const fd = open('a', { oflags: CREATE })
    expect(onPath('path_unlink_file', [3], 'a')).toBe(0)
    expect(write(fd, 'still')).toBe(5)
    expect(pread(fd, 0, 10)).toBe('still')
    expect(fdStat(fd)).toMatchObject({ links: 0, size: 5 })
  })
})

describe('times', () => {
  test('are set to the nanosecond, each by itself, or to now', () => {
    const { open, call, fdStat, onPath, stat } = testGuest()
    const fd = open('a', { oflags: CREATE })
    expect(call('fd_filestat_set_times', fd, 123_456_789n, 5n, wasi.FSTFLAGS_ATIM)).toBe(0)
    const { modified } = fdStat(fd) as { modified: bigint }
    expect(fdStat(fd)).toMatchObject({ accessed: 123_456_789n })
    expect(modified).toBeGreaterThan(1_600_000_000_000_000_000n)
    expect(onPath('path_filestat_set_times', [3, 0], 'a', 1n, 7n, wasi.FSTFLAGS_MTIM)).toBe(0)
    expect(stat('a')).toMatchObject({ accessed: 123_456_789n, modified: 7n })
    expect(call('fd_filestat_set_times', fd, 0n, 0n, wasi.FSTFLAGS_ATIM_NOW | wasi.FSTFLAGS_MTIM_NOW)).toBe(0)
    const { accessed: later } = fdStat(fd) as { accessed: bigint }
    expect(later).toBeGreaterThanOrEqual(modified)
  })

  test('that are to be both given and now are refused', () => {
    const { open, call } = testGuest()
    const fd = open('a', { oflags: CREATE })
    for (const flags of [
      wasi.FSTFLAGS_ATIM | wasi.FSTFLAGS_ATIM_NOW,
      wasi.FSTFLAGS_MTIM | wasi.FSTFLAGS_MTIM_NOW,
      16,
    ]) {
      expect(call('fd_filestat_set_times', fd, 1n, 1n, flags)).toBe(wasi.ERRNO_INVAL)
    }
  })

  test('of a file and its directory change with what is done to them', () => {
    const { open, call, write, stat, onPath } = testGuest()
    const fd = open('a', { oflags: CREATE })
    onPath('path_filestat_set_times', [3, 0], '.', 0n, 1n, wasi.FSTFLAGS_MTIM)
    call('fd_filestat_set_times', fd, 0n, 1n, wasi.FSTFLAGS_MTIM)
    write(fd, 'x')
    expect(stat('a')).not.toMatchObject({ modified: 1n })
    expect(stat('.')).toMatchObject({ modified: 1n })
    open('b', { oflags: CREATE })
    expect(stat('.')).not.toMatchObject({ modified: 1n })
  })
})

describe('numbers of descriptors', () => {
  test('are used again, the lowest first', () => {
    const { open, call } = testGuest()
    const opened = ['a', 'b', 'c'].map((path) => open(path, { oflags: CREATE }))
    expect(opened).toEqual([4, 5, 6])
    call('fd_close', 5)
    call('fd_close', 4)
    expect([open('a'), open('b'), open('c')]).toEqual([4, 5, 7])
    for (let i = 0; i < 1000; i++) expect(call('fd_close', open('a'))).toBe(0)
    call('fd_close', 1)
    expect(open('a')).toBe(1)
  })

  test('are given over: the one is closed, the other free', () => {
    const { open, call, create, read } = testGuest()
    create('a', 'A')
    create('b', 'B')
    const [a, b] = [open('a'), open('b')]
    expect(call('fd_renumber', a, b)).toBe(0)
    expect(read(b, 9)).toBe('A')
    expect(call('fd_close', a)).toBe(wasi.ERRNO_BADF)
    expect(call('fd_renumber', b, a)).toBe(wasi.ERRNO_BADF)
    expect(call('fd_renumber', b, b)).toBe(0)
    expect(open('b')).toBe(a)
  })

  test('may stand for stdout until the next message', () => {
    const { open, call, write, content, wasi: layer, stdout } = testGuest()
    expect(call('fd_renumber', open('log', { oflags: CREATE }), 1)).toBe(0)
    write(1, 'to the file')
    expect([stdout.available, stdout.finished]).toEqual([0, true])
    stdout.reset()
    layer.resetStdio()
    write(1, 'reply')
    expect(stdout.available).toBe(5)
    expect(content('log')).toBe('to the file')
  })

  test('run out, and come back', () => {
    const { open, call } = testGuest({ maxOpenFiles: 2 })
    expect([1, 2, 3].map(() => open('a', { oflags: CREATE }))).toEqual([4, 5, -wasi.ERRNO_MFILE])
    call('fd_close', 4)
    expect(open('a')).toBe(4)
  })

  test('that are not open are refused by every function', () => {
    const { call } = testGuest()
    expect(call('fd_close', 3)).toBe(0)
    const refused = [
      'fd_close',
      'fd_sync',
      'fd_datasync',
      'fd_tell',
      'fd_fdstat_get',
      'fd_prestat_get',
      'fd_filestat_get',
    ]
    for (const fd of [3, 99, -1]) for (const name of refused) expect(call(name, fd, AT.stat)).toBe(wasi.ERRNO_BADF)
  })
})

describe('rights', () => {
  test('are those that were asked for, and can only be given up', () => {
    const { open, call, view, read, write, create } = testGuest()
    create('a', 'content')
    const fd = open('a', { rights: READ, inheriting: 0n })
    expect(read(fd, 4)).toBe('cont')
    expect(write(fd, 'x')).toBe(-wasi.ERRNO_BADF)
    call('fd_fdstat_get', fd, AT.stat)
    expect(view.getBigUint64(AT.stat + 8, true)).toBe(READ)
    expect(call('fd_filestat_set_size', fd, 0n)).toBe(wasi.ERRNO_NOTCAPABLE)
    expect(call('fd_fdstat_set_rights', fd, READ | 64n, 0n)).toBe(wasi.ERRNO_NOTCAPABLE)
    expect(call('fd_fdstat_set_rights', fd, 0n, 0n)).toBe(0)
    expect(read(fd, 4)).toBe(wasi.ERRNO_BADF)
  })

  test('of a directory bound those of what is opened in it', () => {
    const { open, onPath, call } = testGuest()
    const all = BigInt(wasi.RIGHTS_PATH_OPEN | wasi.RIGHTS_PATH_CREATE_FILE)
    const dir = open('.', { oflags: DIRECTORY, rights: all, inheriting: READ })
    expect(open('a', { dir, oflags: CREATE, rights: READ, inheriting: 0n })).toBeGreaterThan(0)
    expect(open('a', { dir, rights: READ | 64n, inheriting: 0n })).toBe(-wasi.ERRNO_NOTCAPABLE)
    expect(open('a', { dir, oflags: TRUNCATE, rights: READ, inheriting: 0n })).toBe(-wasi.ERRNO_NOTCAPABLE)
    expect(onPath('path_unlink_file', [dir], 'a')).toBe(wasi.ERRNO_NOTCAPABLE)
    expect(call('fd_readdir', dir, AT.large, 100, 0n, AT.done)).toBe(wasi.ERRNO_NOTDIR)
  })

  test('that there are not can be asked for: some programs ask for all', () => {
    const { open, read, create } = testGuest()
    create('a', 'x')
    expect(read(open('a', { rights: 2n ** 64n - 1n }), 1)).toBe('x')
  })
})

describe('a directory that is listed', () => {
  test('has itself and the one above first, then all names with their kinds', () => {
    const guest = testGuest()
    guest.create('b')
    guest.onPath('path_create_directory', [3], 'größe')
    guest.call('path_symlink', ...put(guest, 'b'), 3, ...put(guest, 'link', AT.otherPath))
    const found = guest.readdir(3).map(({ name, filetype }) => [name, filetype])
    expect(found).toEqual([
      ['.', wasi.FILETYPE_DIRECTORY],
      ['..', wasi.FILETYPE_DIRECTORY],
      ['tmp', wasi.FILETYPE_DIRECTORY],
      ['data', wasi.FILETYPE_DIRECTORY],
      ['b', wasi.FILETYPE_REGULAR_FILE],
      ['größe', wasi.FILETYPE_DIRECTORY],
      ['link', wasi.FILETYPE_SYMBOLIC_LINK],
    ])
  })

  test('goes on after a cookie, though what came before it is gone', () => {
    const { create, open, readdir, onPath } = testGuest()
    onPath('path_create_directory', [3], 'd')
    const all = Array.from({ length: 200 }, (_, i) => `file-${i}`)
    for (const name of all) create(`d/${name}`)
    const dir = open('d', { oflags: DIRECTORY })
    const seen: string[] = []
    let cookie = 0n
    for (let part = readdir(dir, cookie, 500); part.length > 0; part = readdir(dir, cookie, 500)) {
      for (const entry of part) {
        cookie = entry.cookie
        if (entry.name.startsWith('.')) continue
        seen.push(entry.name)
        expect(onPath('path_unlink_file', [dir], entry.name)).toBe(0)
      }
    }
    expect(seen).toEqual(all)
    expect(onPath('path_remove_directory', [3], 'd')).toBe(0)
  })

  test('fills the room to its end if there is more', () => {
    const { readdir, call, u32 } = testGuest()
    expect(readdir(3, 0n, 30).map(({ name }) => name)).toEqual(['.'])
    expect(u32(AT.done)).toBe(30)
    expect(call('fd_readdir', 3, AT.large, 0, 0n, AT.done)).toBe(0)
    expect(u32(AT.done)).toBe(0)
  })

  test('is nothing to read, write, seek or cut off', () => {
    const { read, write, seek, pread, pwrite, call } = testGuest()
    expect(read(3, 1)).toBe(wasi.ERRNO_BADF)
    expect(write(3, 'x')).toBe(-wasi.ERRNO_BADF)
    for (const errno of [-seek(3, 0, SET), pread(3, 0, 1), -pwrite(3, 0, 'x'), call('fd_filestat_set_size', 3, 0n)]) {
      expect(errno).toBe(wasi.ERRNO_NOTCAPABLE)
    }
  })
})

test('the directory that is open from the start says its name', () => {
  const { call, u32, text } = testGuest()
  expect(call('fd_prestat_get', 3, AT.stat)).toBe(0)
  expect([u32(AT.stat), u32(AT.stat + 4)]).toEqual([wasi.PREOPENTYPE_DIR, 1])
  expect(call('fd_prestat_dir_name', 3, AT.buffer, 0)).toBe(wasi.ERRNO_NAMETOOLONG)
  expect(call('fd_prestat_dir_name', 3, AT.buffer, 10)).toBe(0)
  expect(text(AT.buffer, 1)).toBe('/')
  expect(call('fd_prestat_get', 4, AT.stat)).toBe(wasi.ERRNO_BADF)
})

test('the streams of a message cannot be sought, cut off or listed', () => {
  const { seek, pread, call } = testGuest()
  for (const fd of [0, 1, 2]) {
    expect(seek(fd, 0, CUR)).toBe(-wasi.ERRNO_SPIPE)
    expect(pread(fd, 0, 1)).toBe(wasi.ERRNO_SPIPE)
    expect(call('fd_tell', fd, AT.done)).toBe(wasi.ERRNO_SPIPE)
    expect(call('fd_readdir', fd, AT.large, 100, 0n, AT.done)).toBe(wasi.ERRNO_NOTDIR)
    expect(call('fd_filestat_set_size', fd, 0n)).toBe(wasi.ERRNO_NOTCAPABLE)
    expect(call('fd_sync', fd)).toBe(wasi.ERRNO_INVAL)
  }
})

/** Puts a path into the guest's memory. @returns its pointer and length. */
function put(guest: TestGuest, path: string, at: number = AT.path): [number, number] {
  guest.bytes.set(new TextEncoder().encode(path), at)
  return [at, new TextEncoder().encode(path).length]
}

test('an offset that is negative is refused as such, and one that no file has as too large', () => {
  const { call, create, open } = testGuest()
  create('f', 'content')
  const fd = open('f')
  for (const offset of [-1n, 2n ** 64n - 1n, 2n ** 63n]) {
    expect(call('fd_pread', fd, AT.iovs, 0, offset, AT.done)).toBe(wasi.ERRNO_INVAL)
    expect(call('fd_pwrite', fd, AT.iovs, 0, offset, AT.done)).toBe(wasi.ERRNO_INVAL)
    expect(call('fd_allocate', fd, offset, 1n)).toBe(wasi.ERRNO_INVAL)
  }
  expect(call('fd_pread', fd, AT.iovs, 0, 2n ** 60n, AT.done)).toBe(wasi.ERRNO_FBIG)
})

test('a file takes the first 1024 buffers of a longer list', () => {
  const { call, create, open, view, u32 } = testGuest()
  create('f')
  const fd = open('f')
  for (let i = 0; i < 2000; i++) {
    view.setUint32(AT.large + i * 8, AT.buffer, true)
    view.setUint32(AT.large + i * 8 + 4, 2, true)
  }
  expect(call('fd_write', fd, AT.large, 2000, AT.done)).toBe(wasi.ERRNO_SUCCESS)
  expect(u32(AT.done)).toBe(2048)
})

test('a file that its owner has given is read as any other, and cannot be changed', () => {
  const bytes = new TextEncoder().encode('given')
  const { content, open, write, call, names, create } = testGuest({
    shared: [{ path: 'share/deep/x', bytes }],
    maxTmpBytes: 4096,
  })
  expect(content('share/deep/x')).toBe('given')
  const fd = open('share/deep/x')
  expect(write(fd, 'other')).toBe(-wasi.ERRNO_ROFS)
  expect(call('fd_filestat_set_size', fd, 0n)).toBe(wasi.ERRNO_ROFS)
  expect(open('share/deep/x', { oflags: wasi.OFLAGS_TRUNC })).toBe(-wasi.ERRNO_ROFS)
  expect(new TextDecoder().decode(bytes)).toBe('given')
  create('share/own', 'mine')
  expect(names('share')).toEqual(['deep', 'own'])
})

test('what an instance has under /tmp is bounded', () => {
  const { open, write } = testGuest({ maxTmpBytes: 10_000 })
  const fd = open('tmp/x', { oflags: wasi.OFLAGS_CREAT })
  expect(write(fd, 'x'.repeat(5000))).toBe(5000)
  expect(write(fd, 'x'.repeat(6000))).toBe(-wasi.ERRNO_NOSPC)
})
