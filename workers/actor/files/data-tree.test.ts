import { afterEach, describe, expect, test, vi } from 'vitest'
import { wasi } from '@bjorn3/browser_wasi_shim'
import { type FileEntry, type FilesChanged, readFilesChanged } from '../../../src/actors/files/files-api.ts'
import { testGuest } from '../wasi/test-guest.ts'
import { DataTree } from './data-tree.ts'

const ports: MessagePort[] = []

afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

/** A guest, and a page that keeps its `/data`. */
function start(entries: readonly FileEntry[] = [], maxBytes = 1e6) {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  const data = new DataTree(maxBytes, { entries, maxBytes, port: port1 })
  const received: FilesChanged[] = []
  const waiting: (() => void)[] = []
  port2.onmessage = ({ data: message }: MessageEvent) => {
    received.push(readFilesChanged(message))
    waiting.shift()?.()
  }
  /** The next report to the page. */
  const next = async (): Promise<FilesChanged> => {
    if (received.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    return received.shift() ?? { type: 'changed', changes: [], tooLong: 0 }
  }
  return {
    data,
    port: port1,
    next,
    ...testGuest({ data }),
    /** The next message to the page. */
    async told(): Promise<unknown[]> {
      return (await next()).changes.map((change) =>
        change.kind === 'file' ? [change.path, new TextDecoder().decode(change.bytes)] : change,
      )
    },
  }
}

const file = (path: string, text: string): FileEntry => ({ path, kind: 'file', bytes: new TextEncoder().encode(text) })

describe('/data', () => {
  test('begins with what is kept', () => {
    const { content, names } = start([
      file('a/b/c', 'deep'),
      { path: 'a/link', kind: 'link', target: 'b/c' },
      { path: 'empty', kind: 'directory' },
    ])
    expect(content('data/a/link')).toBe('deep')
    expect(names('data')).toEqual(['a', 'empty'])
  })

  test('begins with files of their own, though they were names of one', () => {
    const one = file('a', 'one')
    const { create, content } = start([one, { ...one, path: 'b' }])
    create('data/a', 'two')
    expect([content('data/a'), content('data/b')]).toEqual(['two', 'one'])
  })

  test('outlives the instance that writes it, and `/` does not', () => {
    const { data, create } = start()
    create('data/kept', 'yes')
    create('lost', 'no')
    const next = testGuest({ data })
    expect([next.content('data/kept'), next.content('lost')]).toEqual(['yes', wasi.ERRNO_NOENT])
  })

  test('has one name, however many instances have found it there', () => {
    const { data, stat } = start()
    expect(stat('data')).toMatchObject({ links: 1 })
    for (let i = 0; i < 3; i++) expect(testGuest({ data }).stat('data')).toMatchObject({ links: 1 })
  })

  test('keeps what there is, though it may hold less than that now', () => {
    const { content, open, write } = start([file('a', 'x'.repeat(300))], 10)
    expect(content('data/a')).toBe('x'.repeat(300))
    expect(open('data/b', { oflags: wasi.OFLAGS_CREAT })).toBe(-wasi.ERRNO_NOSPC)
    expect(write(open('data/a'), 'y')).toBe(1)
  })

  test('has room for so much and no more', () => {
    const { open, call } = start([], 10_000)
    const fd = open('data/a', { oflags: wasi.OFLAGS_CREAT })
    expect(call('fd_filestat_set_size', fd, 9_000n)).toBe(0)
    expect(call('fd_filestat_set_size', fd, 10_000n)).toBe(wasi.ERRNO_NOSPC)
    let files = 0
    while (open(`data/${files}`, { oflags: wasi.OFLAGS_CREAT }) > 0) files += 1
    expect(files).toBeLessThan(10)
  })

  test('takes room for names and for where links lead, and has it back when they are gone', () => {
    const { data, create, onPath, onPaths } = start([], 100_000)
    const { left } = data.root.volume
    create('data/a')
    const before = data.root.volume.left
    const makes = [
      (path: string) => onPaths('path_link', [3, 0], 'data/a', [3], path),
      (path: string) => onPaths('path_symlink', [], 't'.repeat(4000), [3], path),
      (path: string) => onPath('path_create_directory', [3], path),
    ]
    const removes = ['path_unlink_file', 'path_unlink_file', 'path_remove_directory']
    const most = [200, 25, 200]
    for (const [i, make] of makes.entries()) {
      const paths: string[] = []
      const next = (): string => `data/${paths.length}`.padEnd(205, 'n')
      for (; paths.length < 1000 && make(next()) === 0; paths.push(next()));
      expect(paths.length).toBeLessThan(most[i] ?? 0)
      expect(make(next())).toBe(wasi.ERRNO_NOSPC)
      for (const path of paths) expect(onPath(removes[i] ?? '', [3], path)).toBe(0)
      expect(data.root.volume.left).toBe(before)
    }
    onPath('path_unlink_file', [3], 'data/a')
    expect(data.root.volume.left).toBe(left)
  })

  test('takes no room for what could not be made', () => {
    const { data, open, onPath, onPaths } = start([], 1000)
    onPath('path_create_directory', [3], 'data/d')
    const dir = open('data/d', { oflags: wasi.OFLAGS_DIRECTORY })
    // Room for an inode, but not for its name; then for a name, but not for the target of a link.
    const { left } = data.root.volume
    expect(onPath('path_create_directory', [3], `data/${'n'.repeat(200)}`)).toBe(wasi.ERRNO_NOSPC)
    expect(open(`data/${'n'.repeat(200)}`, { oflags: wasi.OFLAGS_CREAT })).toBe(-wasi.ERRNO_NOSPC)
    expect(onPaths('path_symlink', [], 't'.repeat(400), [3], 'data/n')).toBe(wasi.ERRNO_NOSPC)
    expect(data.root.volume.left).toBe(left)
    onPath('path_remove_directory', [3], 'data/d')
    const removed = data.root.volume.left
    expect(open('f', { dir, oflags: wasi.OFLAGS_CREAT })).toBe(-wasi.ERRNO_NOENT)
    expect(onPath('path_create_directory', [dir], 'f')).toBe(wasi.ERRNO_NOENT)
    expect(onPaths('path_symlink', [], 't', [dir], 'f')).toBe(wasi.ERRNO_NOENT)
    expect(data.root.volume.left).toBe(removed)
  })

  test('without room for a longer name everything stays as it is, and another name can be had', () => {
    const { data, onPaths, names } = start([file('one', '1'), file('two', '2')], 800)
    const rename = (old: string, path: string): number =>
      onPaths('path_rename', [3], `data/${old}`, [3], `data/${path}`)
    const { left } = data.root.volume
    expect(left).toBeLessThan(100)
    expect(rename('one', 'n'.repeat(100))).toBe(wasi.ERRNO_NOSPC)
    expect(names('data')).toEqual(['one', 'two'])
    expect(rename('one', 'n')).toBe(0)
    expect(data.root.volume.left).toBe(left + 4)
    expect([rename('n', 'two'), names('data')]).toEqual([0, ['two']])
  })
})

describe('the page is told', () => {
  test('what was made, written and removed', async () => {
    const { data, told, create, onPath, onPaths } = start([file('old', 'old'), file('same', 'same')])
    create('data/new', 'new')
    create('data/old', 'changed')
    onPath('path_create_directory', [3], 'data/d')
    onPaths('path_symlink', [], '../new', [3], 'data/d/link')
    data.report()
    expect(await told()).toEqual([
      ['old', 'changed'],
      ['new', 'new'],
      { path: 'd', kind: 'directory' },
      { path: 'd/link', kind: 'link', target: '../new' },
    ])
    onPath('path_unlink_file', [3], 'data/old')
    data.report()
    expect(await told()).toEqual([{ path: 'old', kind: 'removed' }])
  })

  test('nothing where nothing changed, also if it came and went', async () => {
    const { data, told, create, content, onPath } = start([file('a', 'a')])
    data.report()
    content('data/a')
    create('elsewhere', 'x')
    data.report()
    create('data/short')
    onPath('path_unlink_file', [3], 'data/short')
    data.report()
    create('data/b', 'b')
    data.report()
    expect(await told()).toEqual([['b', 'b']])
  })

  test('of every file below a directory that was moved, and by every name', async () => {
    const { data, told, onPaths, create } = start([file('d/a', 'A'), file('d/e/b', 'B')])
    onPaths('path_rename', [3], 'data/d', [3], 'data/f')
    onPaths('path_link', [3, 0], 'data/f/a', [3], 'data/g')
    data.report()
    expect(await told()).toEqual([
      ...['d', 'd/a', 'd/e', 'd/e/b'].map((path) => ({ path, kind: 'removed' })),
      { path: 'f', kind: 'directory' },
      ['f/a', 'A'],
      { path: 'f/e', kind: 'directory' },
      ['f/e/b', 'B'],
      ['g', 'A'],
    ])
    create('data/g', 'both')
    data.report()
    expect(await told()).toEqual([
      ['f/a', 'both'],
      ['g', 'both'],
    ])
  })

  test('at a sync, but not at each of many', async () => {
    const { data, told, open, write, call } = start()
    const fd = open('data/log', { oflags: wasi.OFLAGS_CREAT })
    for (const line of ['1', '2', '3']) {
      write(fd, line)
      expect(call('fd_sync', fd)).toBe(0)
    }
    expect(await told()).toEqual([['log', '1']])
    data.report()
    expect(await told()).toEqual([['log', '123']])
  })

  test('of a file with many names, which is copied once', async () => {
    const { data, next, create, onPaths } = start()
    create('data/a', 'content')
    for (let i = 0; i < 9; i++) onPaths('path_link', [3, 0], 'data/a', [3], `data/${i}`)
    data.report()
    const { changes } = await next()
    expect(changes.length).toBe(10)
    expect(new Set(changes.map((change) => change.kind === 'file' && change.bytes)).size).toBe(1)
  })

  test('again, if it could not be told', async () => {
    const { data, port, told, create } = start()
    create('data/a', 'A')
    vi.spyOn(port, 'postMessage').mockImplementationOnce(() => {
      throw new RangeError('out of memory')
    })
    expect(() => data.report()).toThrow('out of memory')
    expect(data.reports).toBe(0)
    data.report()
    expect(await told()).toEqual([['a', 'A']])
    expect(data.reports).toBe(1)
  })

  test('how many have too long a path, once', async () => {
    const { data, next, open, onPath } = start()
    let dir = open('data', { oflags: wasi.OFLAGS_DIRECTORY })
    const name = 'n'.repeat(255)
    for (let i = 0; i < 18; i++) {
      onPath('path_create_directory', [dir], name)
      dir = open(name, { dir, oflags: wasi.OFLAGS_DIRECTORY })
    }
    data.report()
    // The 17th is too long, and its content is not even read.
    const { changes, tooLong } = await next()
    expect([changes.length, tooLong]).toEqual([16, 1])
    open('x', { dir, oflags: wasi.OFLAGS_CREAT })
    data.report()
    onPath('path_create_directory', [3], 'data/d')
    data.report()
    expect(await next()).toEqual({ type: 'changed', changes: [{ path: 'd', kind: 'directory' }], tooLong: 0 })
  })

  test('of no more paths than may be kept: a short name far down is a long one', async () => {
    const { data, next, open, onPath } = start([], 100_000)
    let dir = open('data', { oflags: wasi.OFLAGS_DIRECTORY })
    for (let i = 0; i < 10; i++) {
      onPath('path_create_directory', [dir], 'n'.repeat(250))
      dir = open('n'.repeat(250), { dir, oflags: wasi.OFLAGS_DIRECTORY })
    }
    for (let i = 0; i < 100; i++) onPath('path_create_directory', [dir], `${i}`)
    data.report()
    const { changes, tooLong } = await next()
    expect(changes.length + tooLong).toBe(110)
    expect(changes.reduce((sum, { path }) => sum + path.length, 0)).toBeLessThan(100_000)
    expect(tooLong).toBeGreaterThan(50)
  })
})

describe('what is put there', () => {
  test('is there, in the place of what had its path, and the page is not told of it', async () => {
    const { data, told, create, content } = start([file('a', 'old'), file('b', 'stays')])
    data.put([file('a', 'new'), { path: 'd', kind: 'directory' }, file('d/c', 'more')])
    expect(['data/a', 'data/b', 'data/d/c'].map((path) => content(path))).toEqual(['new', 'stays', 'more'])
    data.report()
    expect(data.reports).toBe(0)
    create('data/own', 'own')
    data.report()
    expect(await told()).toEqual([['own', 'own']])
  })

  test('comes after what the page does not know yet', async () => {
    const { data, told, create } = start()
    create('data/own', 'own')
    data.put([file('a', 'given')])
    expect(await told()).toEqual([['own', 'own']])
    expect(data.reports).toBe(1)
  })

  test('may be removed and changed like all else, and the page is told', async () => {
    const { data, told, create, onPath } = start()
    data.put([file('a', 'given'), file('b', 'given')])
    create('data/a', 'changed')
    onPath('path_unlink_file', [3], 'data/b')
    data.report()
    expect(await told()).toEqual([{ path: 'b', kind: 'removed' }, ['a', 'changed']])
  })

  test('leaves the bound as it was, and gives back the room of what it replaces', () => {
    const { data, create, stat } = start([file('a', 'x'.repeat(5000))], 10_000)
    for (let i = 0; i < 3; i++) data.put([file('a', 'y'.repeat(9000))])
    expect(() => create('data/b', 'x'.repeat(2000))).toThrow(`errno ${wasi.ERRNO_NOSPC}`)
    data.put([file('a', 'y')])
    create('data/b', 'x'.repeat(2000))
    expect(stat('data/b')).toMatchObject({ size: 2000 })
  })

  test('may be a removal, of a folder with all that is in it, and gives back its room', () => {
    const { data, create, content } = start([file('d/e/a', 'x'.repeat(8000)), file('b', 'stays')], 10_000)
    data.put([
      { path: 'd', kind: 'removed' },
      { path: 'not/there', kind: 'removed' },
    ])
    data.report()
    expect(data.reports).toBe(0)
    expect(content('data/d/e/a')).toBe(wasi.ERRNO_NOENT)
    expect(content('data/b')).toBe('stays')
    create('data/c', 'x'.repeat(8000))
  })

  test('is no file in the place of a directory', () => {
    const { data, content } = start([file('d/a', 'x')])
    data.put([file('d', 'y')])
    expect(content('data/d/a')).toBe('x')
  })
})
