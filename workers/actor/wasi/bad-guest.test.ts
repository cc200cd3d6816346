import { wasi, WASIProcExit } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import { WASI_FUNCTIONS } from '../../../src/actors/wasi-names.ts'
import { AT, testGuest } from './test-guest.ts'

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

test('absurd counts are refused', () => {
  const { call } = testGuest()
  for (const count of [1025, -1, 0x7fff_ffff]) {
    expect(call('fd_read', 0, AT.iovs, count, AT.done)).toBe(wasi.ERRNO_INVAL)
    expect(call('fd_write', 1, AT.iovs, count, AT.done)).toBe(wasi.ERRNO_INVAL)
  }
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

test('whatever a guest calls with whatever numbers is answered with a number', () => {
  const random = numbers(1)
  const names = [...WASI_FUNCTIONS]
  for (let round = 0; round < 40; round++) {
    const guest = testGuest({ args: ['test'], env: ['A=B'], maxOpenFiles: 8 })
    // Nothing here may wait.
    guest.stdin.end()
    guest.stdout.cancel()
    guest.stderr.cancel()
    for (let i = 0; i < 64; i++) guest.view.setUint32(random.next().value & 0x3_fff8, random.next().value, true)
    for (let i = 0; i < 1000; i++) {
      const name = names[(random.next().value >>> 0) % names.length] ?? ''
      // The one waits, the other traps for most numbers.
      if (name === 'poll_oneoff' || name === 'proc_raise') continue
      const values = Array.from({ length: 9 }, (_, at) => {
        const { value } = random.next()
        return WIDE[name]?.includes(at) ? BigInt(value) << BigInt(value & 31) : value
      })
      expect([name, answerOf(() => guest.call(name, ...values))]).toEqual([name, ENDS[name] ?? 'a number'])
    }
  }
})
