import { wasi } from '@bjorn3/browser_wasi_shim'
import { afterEach, describe, expect, test } from 'vitest'
import { newPid } from '../../../src/glia/pid.ts'
import { bytes, echo, makeProc, OTHER, text } from '../../../src/glia/test-peer.ts'
import type { OpenHow } from '../files/mount.ts'
import { GuestPort } from '../carrier/guest-port.ts'
import { CallClient } from './call-client.ts'
import { CallMount } from './call-mount.ts'
import { SPACES } from './call-space.ts'
import { testPage, type TestPage, type TestPageInit } from './test-page.ts'
import { type Descriptor, NOT_READY } from '../wasi/descriptor.ts'

const READ = wasi.RIGHTS_FD_READ
const WRITE = wasi.RIGHTS_FD_WRITE
const NONBLOCK = wasi.FDFLAGS_NONBLOCK

const ports: MessagePort[] = []

afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

function start(init?: TestPageInit): TestPage & { mount: CallMount } {
  const page = testPage(init)
  ports.push(page.port)
  const client = new CallClient({ port: new GuestPort(page.port, true), tier: 'JSPI', log: () => undefined })
  return { ...page, mount: new CallMount(client, SPACES.ww) }
}

function how(given: Partial<OpenHow> = {}): OpenHow {
  const none = { inheriting: 0, flags: 0, create: false, exclusive: false, truncate: false, directory: false }
  return { rights: READ | WRITE, ...none, ...given }
}

const RUN = ['0.1.0', 'self', 'root', 'run']

async function readAll(file: Descriptor): Promise<string> {
  const target = new Uint8Array(100)
  let all = ''
  for (let count = await file.read(target); count > 0; count = await file.read(target)) {
    all += text(target.subarray(0, count))
  }
  return all
}

/** The error, thrown now or later. */
async function failure(work: () => unknown): Promise<number | undefined> {
  try {
    await work()
    return undefined
  } catch (thrown) {
    return (thrown as { errno: number }).errno
  }
}

describe('a method', () => {
  test('takes what is written until it is read', async () => {
    const { mount } = start({ procs: [makeProc(() => echo).proc] })
    const file = await mount.open(RUN, how())
    await file.write(bytes('hello '))
    await file.write(bytes('there'))
    expect(await readAll(file)).toBe('hello there')
    expect(await failure(() => file.write(bytes('more')))).toBe(wasi.ERRNO_PIPE)
  })

  test('takes no more after a shutdown', async () => {
    const { mount } = start({ procs: [makeProc(() => echo).proc] })
    const file = await mount.open(RUN, how())
    await file.write(bytes('hello'))
    file.shutdown(wasi.SDFLAGS_RD)
    await file.write(bytes('!'))
    file.shutdown(wasi.SDFLAGS_WR)
    expect(await failure(() => file.write(bytes('more')))).toBe(wasi.ERRNO_PIPE)
    expect(await readAll(file)).toBe('hello!')
  })

  test('is opened with any flags that do no harm, for reading and writing if nothing is said', async () => {
    const { mount } = start({ procs: [makeProc(() => echo).proc] })
    const file = await mount.open(RUN, how({ rights: 0, create: true, truncate: true, flags: wasi.FDFLAGS_APPEND }))
    expect(file.rights & (READ | WRITE)).toBe(READ | WRITE)
    expect(file.stat()).toMatchObject({ filetype: wasi.FILETYPE_CHARACTER_DEVICE, size: 0 })
    expect(await failure(() => mount.open(RUN, how({ directory: true })))).toBe(wasi.ERRNO_NOTDIR)
    expect(await failure(() => mount.open(RUN, how({ create: true, exclusive: true })))).toBe(wasi.ERRNO_EXIST)
    expect(await failure(() => mount.open([...RUN, 'more'], how()))).toBe(wasi.ERRNO_NOENT)
  })

  test('that is opened without waiting is read and written in turns', async () => {
    const { mount } = start({ procs: [makeProc(() => echo).proc] })
    const file = await mount.open(RUN, how({ flags: NONBLOCK }))
    const target = new Uint8Array(10)
    expect(await failure(() => file.read(target))).toBe(wasi.ERRNO_AGAIN)
    expect(file.readable()).toBe(NOT_READY)
    for (const word of ['one', 'two']) {
      expect(file.writable()).toBeGreaterThan(3)
      expect(await file.write(bytes(word))).toBe(3)
      await expect.poll(() => file.readable()).toBe(3)
      expect(text(target.subarray(0, await file.read(target)))).toBe(word)
    }
    file.shutdown(wasi.SDFLAGS_WR)
    await expect.poll(() => file.readable()).toBe(0)
    expect(await file.read(target)).toBe(0)
  })

  test('that is set not to wait later ends with the first read all the same', async () => {
    const { mount } = start({ procs: [makeProc(() => echo).proc] })
    const file = await mount.open(RUN, how())
    file.flags = NONBLOCK
    await file.write(bytes('hello'))
    const target = new Uint8Array(10)
    await expect.poll(() => failure(() => file.read(target))).toBeUndefined()
    await expect.poll(() => file.readable()).toBe(0)
  })

  test('that is closed is cancelled', async () => {
    const signals: AbortSignal[] = []
    const { proc } = makeProc(() => async ({ signal, read }) => {
      signals.push(signal)
      while ((await read()) !== null);
    })
    const { mount, lines } = start({ procs: [proc] })
    const file = await mount.open(RUN, how())
    await file.write(bytes('hello'))
    await file.close()
    await expect.poll(() => signals[0]?.reason).toMatchObject({ code: 'ERR_ABORTED' })
    expect(lines).toEqual([])
  })

  test('that was only written to has the whole message when it is closed', async () => {
    const heard: string[] = []
    const { proc } = makeProc(() => async ({ read, write }) => {
      let all = ''
      for (let chunk = await read(); chunk !== null; chunk = await read()) all += text(chunk)
      await write(bytes('not wanted'))
      heard.push(all)
      if (all === 'bad') throw new Error('no')
    })
    const { mount } = start({ procs: [proc] })
    const file = await mount.open(RUN, how({ rights: WRITE }))
    await file.write(bytes('good'))
    await file.close()
    expect(heard).toEqual(['good'])
    const bad = await mount.open(RUN, how({ rights: WRITE }))
    await bad.write(bytes('bad'))
    expect(await failure(() => bad.close())).toBe(wasi.ERRNO_IO)
  })
})

describe('a directory', () => {
  const list = async (mount: CallMount, path: readonly string[]): Promise<[name: string, filetype: number][]> => {
    const folder = await mount.open(path, how({ rights: wasi.RIGHTS_FD_READDIR, directory: true }))
    return [...folder.entries()].map(({ name, filetype }) => [name, filetype])
  }
  const [DIRECTORY, DEVICE] = [wasi.FILETYPE_DIRECTORY, wasi.FILETYPE_CHARACTER_DEVICE]
  const dots: [string, number][] = [
    ['.', DIRECTORY],
    ['..', DIRECTORY],
  ]

  test('lists what is in it', async () => {
    const [root, other] = [makeProc(() => echo).proc, makeProc(() => echo, { methods: ['walk', 'run'] }).proc]
    const { mount } = start({ procs: [root, other] })
    expect(await list(mount, [])).toEqual([...dots, ['0.1.0', DIRECTORY]])
    expect(await list(mount, ['0.1.0'])).toEqual([...dots, ['self', DIRECTORY], [OTHER, DIRECTORY]])
    expect(await list(mount, ['0.1.0', 'self'])).toEqual([...dots, ['root', DIRECTORY], [other.pid, DIRECTORY]])
    const methods = [
      ['walk', DEVICE],
      ['run', DEVICE],
    ]
    expect(await list(mount, ['0.1.0', 'self', other.pid])).toEqual([...dots, ...methods])
    expect(await failure(() => list(mount, ['0.2.0']))).toBe(wasi.ERRNO_NOENT)
    expect(await failure(() => list(mount, ['0.1.0', 'self', newPid()]))).toBe(wasi.ERRNO_NOENT)
  })

  test('names each entry by a number of its own, the same as its stat', async () => {
    const { mount } = start({ procs: [makeProc(() => echo).proc] })
    const folder = await mount.open(['0.1.0', 'self', 'root'], how({ rights: wasi.RIGHTS_FD_READDIR }))
    const entries = [...folder.entries()]
    expect(entries.map(({ cookie }) => cookie)).toEqual([1, 2, 3])
    expect(new Set(entries.map(({ ino }) => ino)).size).toBe(3)
    expect(entries[2]?.ino).toBe((await mount.stat(RUN)).ino)
    expect(entries[0]?.ino).toBe(folder.stat().ino)
  })

  test('is no file to write to', async () => {
    const { mount } = start()
    expect(await failure(() => mount.open(['0.1.0', 'self'], how({ rights: WRITE })))).toBe(wasi.ERRNO_ISDIR)
  })

  test('says what a path is', async () => {
    const { mount, lines } = start({ procs: [makeProc(() => echo).proc] })
    for (let parts = 0; parts < 4; parts++) {
      expect(await mount.stat(RUN.slice(0, parts))).toMatchObject({ filetype: DIRECTORY })
    }
    expect(await mount.stat(RUN)).toMatchObject({ filetype: DEVICE })
    for (const none of [['0.2.0'], ['0.1.0', 'nobody'], ['0.1.0', 'self', 'root', 'walk']]) {
      expect(await failure(() => mount.stat(none))).toBe(wasi.ERRNO_NOENT)
    }
    expect(lines).toEqual([])
  })
})
