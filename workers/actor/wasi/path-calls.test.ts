import { wasi } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import { AT, testGuest } from './test-guest.ts'

const { OFLAGS_CREAT: CREATE, OFLAGS_EXCL: EXCLUSIVE, OFLAGS_DIRECTORY: DIRECTORY, OFLAGS_TRUNC: TRUNCATE } = wasi

/** A guest, and the system calls on paths under their usual names. Each gives the errno. */
function start() {
  const guest = testGuest()
  const { onPath, onPaths } = guest
  return {
    ...guest,
    mkdir: (path: string) => onPath('path_create_directory', [3], path),
    rmdir: (path: string) => onPath('path_remove_directory', [3], path),
    unlink: (path: string) => onPath('path_unlink_file', [3], path),
    symlink: (target: string, path: string) => onPaths('path_symlink', [], target, [3], path),
    link: (old: string, path: string, follow = false) => onPaths('path_link', [3, follow ? 1 : 0], old, [3], path),
    rename: (old: string, path: string) => onPaths('path_rename', [3], old, [3], path),
    /** The target, or the errno. */
    readlink: (path: string, room = 100): string | number => {
      const errno = onPath('path_readlink', [3], path, AT.buffer, room, AT.done)
      return errno === 0 ? guest.text(AT.buffer, guest.u32(AT.done)) : errno
    },
  }
}

describe('a path', () => {
  test('leads through directories, dots and slashes', () => {
    const { mkdir, create, content } = start()
    mkdir('a')
    mkdir('a/b')
    create('a/b/c', 'found')
    for (const path of ['a/b/c', './a//b/./c', 'a/b/../b/c', 'a/b/../../a/b/c']) expect(content(path)).toBe('found')
    expect(content('a/b/c/')).toBe(wasi.ERRNO_NOTDIR)
    expect(content('a/b/c/.')).toBe(wasi.ERRNO_NOTDIR)
    expect(content('a/b/c/d')).toBe(wasi.ERRNO_NOTDIR)
    expect(content('a/x/c')).toBe(wasi.ERRNO_NOENT)
  })

  test('never leads out of the directory that it starts at', () => {
    const { mkdir, open, symlink } = start()
    mkdir('a')
    mkdir('a/b')
    const dir = open('a/b', { oflags: DIRECTORY })
    symlink('../../a', 'a/b/up')
    const paths = ['..', './../..', '/', '/a/b', 'up']
    const errnos = paths.map((path) => -open(path, { dir, oflags: DIRECTORY }))
    expect(errnos).toEqual(paths.map(() => wasi.ERRNO_NOTCAPABLE))
    expect(open('../..')).toBe(-wasi.ERRNO_NOTCAPABLE)
    expect(open('a/b/up')).toBe(-wasi.ERRNO_ISDIR)
  })

  test('that can be none is refused', () => {
    const { open, mkdir, call, bytes } = start()
    expect(open('')).toBe(-wasi.ERRNO_NOENT)
    expect(open('a\0b', { oflags: CREATE })).toBe(-wasi.ERRNO_INVAL)
    expect(mkdir('x'.repeat(256))).toBe(wasi.ERRNO_NAMETOOLONG)
    expect(mkdir('x/'.repeat(3000))).toBe(wasi.ERRNO_NAMETOOLONG)
    bytes.set([0xff, 0xfe], AT.path)
    expect(call('path_create_directory', 3, AT.path, 2)).toBe(wasi.ERRNO_ILSEQ)
  })

  test('from a file is refused', () => {
    const { open } = start()
    const dir = open('a', { oflags: CREATE })
    expect(open('b', { dir, oflags: CREATE })).toBe(-wasi.ERRNO_NOTDIR)
  })
})

describe('opening', () => {
  test('makes a file only if it is asked to, and only once if it has to be new', () => {
    const { open, content, create } = start()
    expect(open('a')).toBe(-wasi.ERRNO_NOENT)
    expect(open('a', { oflags: CREATE | EXCLUSIVE })).toBeGreaterThan(0)
    expect(open('a', { oflags: CREATE | EXCLUSIVE })).toBe(-wasi.ERRNO_EXIST)
    create('a', 'kept')
    open('a', { oflags: CREATE })
    expect(content('a')).toBe('kept')
    expect(open('b/', { oflags: CREATE })).toBe(-wasi.ERRNO_ISDIR)
    expect(open('no/b', { oflags: CREATE })).toBe(-wasi.ERRNO_NOENT)
  })

  test('of a directory is for reading only', () => {
    const { open, mkdir, create } = start()
    mkdir('d')
    create('f')
    const read = BigInt(wasi.RIGHTS_FD_READ)
    const write = BigInt(wasi.RIGHTS_FD_WRITE)
    expect(open('d', { rights: read })).toBeGreaterThan(0)
    expect(open('d', { rights: read | write })).toBe(-wasi.ERRNO_ISDIR)
    expect(open('d', { oflags: CREATE, rights: read })).toBe(-wasi.ERRNO_ISDIR)
    expect(open('d', { oflags: TRUNCATE, rights: read })).toBe(-wasi.ERRNO_ISDIR)
    expect(open('f', { oflags: DIRECTORY })).toBe(-wasi.ERRNO_NOTDIR)
  })

  test('takes no flags that there are not', () => {
    const { open, onPath } = start()
    expect(open('a', { oflags: CREATE | 16 })).toBe(-wasi.ERRNO_INVAL)
    expect(open('a', { oflags: CREATE, fdflags: 32 })).toBe(-wasi.ERRNO_INVAL)
    expect(onPath('path_filestat_get', [3, 2], '.', AT.stat)).toBe(wasi.ERRNO_INVAL)
  })
})

describe('a symbolic link', () => {
  test('leads where it says, from its own directory', () => {
    const { mkdir, create, symlink, content, readlink, stat, names } = start()
    mkdir('d')
    create('d/f', 'found')
    symlink('d/f', 'to-file')
    symlink('../to-file', 'd/back')
    symlink('d', 'to-dir')
    expect(content('to-file')).toBe('found')
    expect(content('to-dir/back')).toBe('found')
    expect(names('to-dir')).toEqual(['f', 'back'])
    expect(readlink('d/back')).toBe('../to-file')
    expect(readlink('d/back', 4)).toBe('../t')
    expect(readlink('d/f')).toBe(wasi.ERRNO_INVAL)
    expect(stat('to-file')).toMatchObject({ filetype: wasi.FILETYPE_SYMBOLIC_LINK, size: 3 })
    expect(stat('to-file', true)).toMatchObject({ filetype: wasi.FILETYPE_REGULAR_FILE, size: 5 })
    expect(stat('to-dir/')).toMatchObject({ filetype: wasi.FILETYPE_DIRECTORY })
  })

  test('is not followed at the end if that is not asked for', () => {
    const { create, symlink, open, unlink, content } = start()
    create('f', 'x')
    symlink('f', 'l')
    expect(open('l', { follow: false })).toBe(-wasi.ERRNO_LOOP)
    expect(open('l', { follow: false, oflags: DIRECTORY })).toBe(-wasi.ERRNO_NOTDIR)
    expect(open('l', { oflags: CREATE | EXCLUSIVE })).toBe(-wasi.ERRNO_EXIST)
    expect(unlink('l')).toBe(0)
    expect(content('f')).toBe('x')
  })

  test('to nothing makes the file that it leads to', () => {
    const { mkdir, symlink, open, stat } = start()
    mkdir('d')
    symlink('d/new', 'l')
    expect(open('l')).toBe(-wasi.ERRNO_NOENT)
    expect(open('l', { oflags: CREATE })).toBeGreaterThan(0)
    expect(stat('d/new')).toMatchObject({ filetype: wasi.FILETYPE_REGULAR_FILE })
  })

  test('in a circle, or too many in a row, lead nowhere', () => {
    const { symlink, open, create, stat } = start()
    symlink('b', 'a')
    symlink('a', 'b')
    symlink('self/self', 'self')
    expect(open('a')).toBe(-wasi.ERRNO_LOOP)
    expect(open('self')).toBe(-wasi.ERRNO_LOOP)
    create('0')
    for (let i = 1; i <= 41; i++) symlink(String(i - 1), String(i))
    expect(open('40')).toBeGreaterThan(0)
    expect(open('41')).toBe(-wasi.ERRNO_LOOP)
    expect(stat('a')).toMatchObject({ filetype: wasi.FILETYPE_SYMBOLIC_LINK })
  })

  test('has a new name, and leads to no root', () => {
    const { symlink, mkdir } = start()
    mkdir('d')
    expect(symlink('x', 'd')).toBe(wasi.ERRNO_EXIST)
    expect(symlink('x', 'd/')).toBe(wasi.ERRNO_EXIST)
    expect(symlink('x', 'new/')).toBe(wasi.ERRNO_NOENT)
    expect(symlink('/', 'new')).toBe(wasi.ERRNO_NOTCAPABLE)
    expect(symlink('', 'new')).toBe(wasi.ERRNO_NOENT)
  })
})

describe('a hard link', () => {
  test('is the same file, which lives as long as a name', () => {
    const { create, link, stat, content, unlink, mkdir } = start()
    create('a', 'one')
    mkdir('d')
    expect(link('a', 'd/b')).toBe(0)
    expect(stat('a')).toMatchObject({ links: 2 })
    expect(stat('d/b')).toMatchObject({ ino: (stat('a') as { ino: bigint }).ino })
    create('d/b', 'two')
    expect(content('a')).toBe('two')
    unlink('a')
    expect([content('d/b'), stat('d/b')]).toEqual(['two', expect.objectContaining({ links: 1 })])
  })

  test('is of a file, by a new name, in the same storage', () => {
    const { create, link, mkdir, symlink, stat } = start()
    create('a')
    mkdir('d')
    expect(link('d', 'e')).toBe(wasi.ERRNO_PERM)
    expect(link('.', 'e')).toBe(wasi.ERRNO_PERM)
    expect(link('none', 'e')).toBe(wasi.ERRNO_NOENT)
    expect(link('a', 'a')).toBe(wasi.ERRNO_EXIST)
    expect(link('a', 'd')).toBe(wasi.ERRNO_EXIST)
    expect(link('a', 'e/')).toBe(wasi.ERRNO_NOENT)
    expect(link('a', 'data/a')).toBe(wasi.ERRNO_XDEV)
    symlink('a', 'l')
    expect(link('l', 'to-link')).toBe(0)
    expect(link('l', 'to-file', true)).toBe(0)
    expect(stat('to-link')).toMatchObject({ filetype: wasi.FILETYPE_SYMBOLIC_LINK })
    expect(stat('to-file')).toMatchObject({ filetype: wasi.FILETYPE_REGULAR_FILE, links: 2 })
  })
})

describe('renaming', () => {
  test('moves files and directories, over others of their kind', () => {
    const { create, mkdir, rename, content, names } = start()
    create('a', 'A')
    create('b', 'B')
    mkdir('d')
    mkdir('e')
    create('d/f', 'F')
    expect(rename('a', 'b')).toBe(0)
    expect(content('b')).toBe('A')
    expect(rename('b', 'd/b')).toBe(0)
    expect(rename('d', 'e')).toBe(0)
    expect(names('e')).toEqual(['f', 'b'])
    expect(names()).toEqual(['tmp', 'data', 'e'])
    expect(content('e/b')).toBe('A')
  })

  test('takes slashes behind directories and behind nothing else', () => {
    const { mkdir, create, rename, symlink } = start()
    mkdir('d')
    create('f')
    symlink('d', 'l')
    expect(rename('d/', 'e')).toBe(0)
    expect(rename('e', 'd/')).toBe(0)
    expect(rename('d//', 'e//')).toBe(0)
    expect(rename('f/', 'g')).toBe(wasi.ERRNO_NOTDIR)
    expect(rename('f', 'g/')).toBe(wasi.ERRNO_NOTDIR)
    expect(rename('l/', 'g')).toBe(wasi.ERRNO_NOTDIR)
  })

  test('is refused where it would lose or cut off something', () => {
    const { mkdir, create, rename, names } = start()
    mkdir('d')
    mkdir('d/e')
    mkdir('x')
    create('f')
    expect(rename('f', 'd')).toBe(wasi.ERRNO_ISDIR)
    expect(rename('x', 'f')).toBe(wasi.ERRNO_NOTDIR)
    expect(rename('x', 'd')).toBe(wasi.ERRNO_NOTEMPTY)
    expect(rename('d', 'd/e/d')).toBe(wasi.ERRNO_INVAL)
    expect(rename('d', 'd')).toBe(0)
    expect(rename('d', 'd/e')).toBe(wasi.ERRNO_INVAL)
    expect(rename('none', 'f')).toBe(wasi.ERRNO_NOENT)
    expect(rename('.', 'y')).toBe(wasi.ERRNO_BUSY)
    expect(rename('data', 'y')).toBe(wasi.ERRNO_BUSY)
    expect(rename('x', 'data')).toBe(wasi.ERRNO_BUSY)
    expect(rename('f', 'data/f')).toBe(wasi.ERRNO_XDEV)
    expect(names()).toEqual(['tmp', 'data', 'd', 'x', 'f'])
  })

  test('of one name to another of the same file leaves both', () => {
    const { create, link, rename, names } = start()
    create('a')
    link('a', 'b')
    expect(rename('a', 'b')).toBe(0)
    expect(names()).toEqual(['tmp', 'data', 'a', 'b'])
  })

  test('keeps what is open', () => {
    const { create, open, rename, read, write } = start()
    create('a', 'A')
    create('b', 'B')
    const [a, b] = [open('a'), open('b')]
    rename('a', 'b')
    expect([read(a, 9), read(b, 9)]).toEqual(['A', 'B'])
    expect(write(b, 'x')).toBe(1)
  })
})

describe('removing', () => {
  test('is of files by the one call and of empty directories by the other', () => {
    const { create, mkdir, symlink, unlink, rmdir, names } = start()
    create('f')
    mkdir('d')
    mkdir('d/e')
    symlink('d', 'l')
    for (const path of ['d', 'd/']) expect(unlink(path)).toBe(wasi.ERRNO_ISDIR)
    for (const path of ['f/', 'l/']) expect(unlink(path)).toBe(wasi.ERRNO_NOTDIR)
    for (const path of ['f', 'f/', 'l', 'l/']) expect(rmdir(path)).toBe(wasi.ERRNO_NOTDIR)
    expect(rmdir('d')).toBe(wasi.ERRNO_NOTEMPTY)
    expect(rmdir('d/.')).toBe(wasi.ERRNO_INVAL)
    expect(rmdir('data')).toBe(wasi.ERRNO_BUSY)
    expect(unlink('none')).toBe(wasi.ERRNO_NOENT)
    expect([rmdir('d/e/'), rmdir('d'), unlink('l'), unlink('f')]).toEqual([0, 0, 0, 0])
    expect(names()).toEqual(['tmp', 'data'])
  })

  test('a directory that is open leaves it empty, and nothing comes into it', () => {
    const { mkdir, open, rmdir, readdir, onPath, create, onPaths } = start()
    mkdir('d')
    create('f')
    const dir = open('d', { oflags: DIRECTORY })
    expect(rmdir('d')).toBe(0)
    expect(readdir(dir)).toHaveLength(2)
    expect(open('x', { dir, oflags: CREATE })).toBe(-wasi.ERRNO_NOENT)
    expect(onPath('path_create_directory', [dir], 'x')).toBe(wasi.ERRNO_NOENT)
    expect(onPaths('path_rename', [3], 'f', [dir], 'f')).toBe(wasi.ERRNO_NOENT)
    expect(mkdir('d')).toBe(0)
  })
})

test('`/` begins with what the program was given, and is private', () => {
  const entries = [
    { path: 'etc/motd', kind: 'file', bytes: new TextEncoder().encode('hello') },
    { path: 'etc/link', kind: 'link', target: 'motd' },
    { path: 'empty', kind: 'directory' },
  ] as const
  const guest = testGuest({ entries })
  expect(guest.names()).toEqual(['tmp', 'data', 'etc', 'empty'])
  expect(guest.content('etc/link')).toBe('hello')
  guest.write(guest.open('etc/motd'), 'HE')
  expect(guest.content('etc/motd')).toBe('HEllo')
  expect(testGuest({ entries }).content('etc/motd')).toBe('hello')
})

test('a program without files has none', () => {
  const { call, onPath } = testGuest({ entries: null })
  expect(call('fd_prestat_get', 3, AT.stat)).toBe(wasi.ERRNO_BADF)
  expect(onPath('path_create_directory', [3], 'd')).toBe(wasi.ERRNO_BADF)
})
