import { WASIProcExit, wasi as defs } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import { BROKEN, RING_BYTES } from '../../../src/actors/carrier/ring.ts'
import { AT, encode, testGuest, type TestGuestInit } from './test-guest.ts'

const [STDIN, STDOUT, STDERR, ROOT] = [0, 1, 2, 3]

function makeGuest(init?: TestGuestInit) {
  const guest = testGuest(init)
  return {
    ...guest,
    /** The texts of args_get or environ_get. */
    list(kind: 'args' | 'environ'): { texts: string[]; sizeBytes: number } {
      guest.call(`${kind}_sizes_get`, AT.count, AT.done)
      const sizeBytes = guest.u32(AT.done)
      guest.call(`${kind}_get`, AT.list, AT.buffer)
      return { texts: guest.text(AT.buffer, sizeBytes).split('\0').slice(0, -1), sizeBytes }
    },
  }
}

describe('reading stdin', () => {
  test('returns after the first buffer that got bytes, also when it is exactly full', () => {
    const { stdin, read } = makeGuest()
    stdin.put(encode('abcdef'))
    expect(read(STDIN, 4, 4)).toBe('abcd')
    expect(read(STDIN, 0, 4)).toBe('ef')
    stdin.put(encode('1234'))
    expect(read(STDIN, 4, 4)).toBe('1234') // and does not wait for more
  })

  test('gives nothing at the end, again and again', () => {
    const { stdin, read } = makeGuest()
    stdin.put(encode('x'))
    stdin.end()
    expect([read(STDIN, 9), read(STDIN, 9), read(STDIN, 9)]).toEqual(['x', '', ''])
  })

  test('into no room gives nothing and does not wait', () => {
    const { read } = makeGuest()
    expect([read(STDIN), read(STDIN, 0)]).toEqual(['', ''])
  })

  test('of a call that is over is an error, not the end', () => {
    const { stdin, read } = makeGuest()
    stdin.put(encode('lost'))
    stdin.abort()
    expect(read(STDIN, 9)).toBe(defs.ERRNO_CANCELED)
  })
})

describe('writing', () => {
  test('goes to the reply or to the log, in whole or its first part', () => {
    const { stdout, stderr, write } = makeGuest()
    expect(write(STDOUT, 'hello')).toBe(5)
    expect(write(STDERR, 'careful')).toBe(7)
    expect(write(STDOUT, '', 'one', 'two')).toBe(3) // the guest comes again with the rest
    expect(write(STDOUT, '')).toBe(0)
    expect(stdout.take()).toEqual(encode('helloone'))
    expect(stderr.take()).toEqual(encode('careful'))
  })

  test('a reply that nobody reads is a broken pipe, and the log goes on', () => {
    const { stdout, write } = makeGuest()
    stdout.cancel()
    expect(write(STDOUT, 'x')).toBe(-defs.ERRNO_PIPE)
    expect(write(STDERR, 'x')).toBe(1)
  })
})

test('descriptors that are not open for it are refused', () => {
  const { read, write } = makeGuest()
  for (const fd of [STDOUT, STDERR, 99]) expect(read(fd, 4)).toBe(defs.ERRNO_BADF)
  for (const fd of [STDIN, 99]) expect(write(fd, 'x')).toBe(-defs.ERRNO_BADF)
})

describe('closing a standard descriptor', () => {
  test('ends the reply, behind what was written', () => {
    const { stdin, stdout, call, read, write } = makeGuest()
    write(STDOUT, 'all')
    expect(call('fd_close', STDOUT)).toBe(defs.ERRNO_SUCCESS)
    expect(write(STDOUT, 'x')).toBe(-defs.ERRNO_BADF)
    expect([stdout.take(), stdout.finished, stdout.broken]).toEqual([encode('all'), true, false])
    stdin.put(encode('more'))
    expect(read(STDIN, 9)).toBe('more')
  })

  test('does not end the reply of a command, which may fail yet', () => {
    const { stdout, call, write } = makeGuest({ isCommand: true })
    write(STDOUT, 'all')
    expect(call('fd_close', STDOUT)).toBe(defs.ERRNO_SUCCESS)
    expect(write(STDOUT, 'x')).toBe(-defs.ERRNO_BADF)
    expect([stdout.take(), stdout.finished]).toEqual([encode('all'), false])
  })

  test('refuses the rest of the message, and the reply goes on', () => {
    const { stdin, stdout, call, read, write } = makeGuest()
    stdin.put(encode('rest'))
    expect(call('fd_close', STDIN)).toBe(defs.ERRNO_SUCCESS)
    expect(read(STDIN, 9)).toBe(defs.ERRNO_BADF)
    expect(stdin.put(encode('more'))).toBe(BROKEN)
    expect(write(STDOUT, 'reply')).toBe(5)
    expect(stdout.take()).toEqual(encode('reply'))
  })

  test('by putting a file in its place does the same', () => {
    const { stdout, call } = makeGuest()
    expect(call('fd_renumber', ROOT, STDOUT)).toBe(defs.ERRNO_SUCCESS)
    expect(stdout.finished).toBe(true)
  })

  test('of the log ends nothing', () => {
    const { stdin, stdout, stderr, call } = makeGuest()
    expect(call('fd_close', STDERR)).toBe(defs.ERRNO_SUCCESS)
    expect([stdin, stdout, stderr].map(({ finished }) => finished)).toEqual([false, false, false])
  })

  test('a second time is an error', () => {
    const { call } = makeGuest()
    for (const fd of [STDIN, STDOUT]) {
      expect([call('fd_close', fd), call('fd_close', fd)]).toEqual([defs.ERRNO_SUCCESS, defs.ERRNO_BADF])
    }
  })

  test('counts for its message: the next one has all three', () => {
    const { wasi, stdin, stdout, call, read, write } = makeGuest()
    for (const fd of [STDIN, STDOUT, STDERR]) call('fd_close', fd)
    for (const ring of [stdin, stdout]) ring.reset()
    wasi.resetStdio()
    stdin.put(encode('message'))
    expect([read(STDIN, 9), write(STDOUT, 'reply'), write(STDERR, 'log')]).toEqual(['message', 5, 3])
  })
})

describe('a new message', () => {
  test.each([
    ['above the three', STDOUT, 4],
    ['at one another’s number', STDOUT, STDERR],
    ['at the directory’s number', STDIN, ROOT],
  ] as const)('has its own three, wherever the one before has put them: %s', (_, from, to) => {
    const { wasi, stdin, stdout, stderr, call, create, open, read, write } = makeGuest()
    create('f')
    expect(open('f')).toBe(4)
    expect(call('fd_renumber', from, to)).toBe(defs.ERRNO_SUCCESS)
    for (const ring of [stdin, stdout, stderr]) ring.reset()
    wasi.resetStdio()
    stdin.put(encode('message'))
    expect([read(STDIN, 9), write(STDOUT, 'reply'), write(STDERR, 'log')]).toEqual(['message', 5, 3])
    expect([stdout.take(), stderr.take()]).toEqual([encode('reply'), encode('log')])
  })

  test('finds nothing where the one before has put them', () => {
    const { wasi, call, create, open } = makeGuest()
    create('f')
    const fd = open('f')
    call('fd_renumber', STDOUT, fd)
    wasi.resetStdio()
    expect(call('fd_fdstat_get', fd, AT.buffer)).toBe(defs.ERRNO_BADF)
    expect(open('f')).toBe(fd)
  })
})

test.each([
  ['of an unknown type, as wasmtime has pipes', undefined, defs.FILETYPE_UNKNOWN],
  ['of an unknown type without a terminal', false, defs.FILETYPE_UNKNOWN],
  ['character devices as a terminal', true, defs.FILETYPE_CHARACTER_DEVICE],
])('the standard descriptors are %s, whoever asks', (_, tty, filetype) => {
  const { call, view, fdStat } = makeGuest({ tty })
  for (const fd of [STDIN, STDOUT, STDERR]) {
    expect(call('fd_fdstat_get', fd, AT.buffer)).toBe(defs.ERRNO_SUCCESS)
    expect(view.getUint8(AT.buffer)).toBe(filetype)
    // C's library takes a file that can seek or tell for no terminal.
    const places = BigInt(defs.RIGHTS_FD_SEEK | defs.RIGHTS_FD_TELL)
    expect(view.getBigUint64(AT.buffer + 8, true) & places).toBe(0n)
    expect(fdStat(fd)).toMatchObject({ filetype })
  }
})

test('arguments and environment are counted in UTF-8', () => {
  const { list } = makeGuest({ args: ['größe', '', '€'], env: ['KEY=wärter', 'EMPTY='] })
  expect(list('args')).toEqual({ texts: ['größe', '', '€'], sizeBytes: 7 + 1 + 1 + 3 + 1 })
  expect(list('environ')).toEqual({ texts: ['KEY=wärter', 'EMPTY='], sizeBytes: 11 + 1 + 6 + 1 })
})

describe('poll_oneoff', () => {
  const CLOCK = defs.EVENTTYPE_CLOCK
  const READ = defs.EVENTTYPE_FD_READ
  const WRITE = defs.EVENTTYPE_FD_WRITE
  type Subscription = { clockMs: number; absolute?: boolean; clock?: number } | { fd: number; type: number }

  /** Polls. The userdata of each subscription is 10 more than its place. @returns the errno, or the events. */
  function poll(guest: ReturnType<typeof makeGuest>, ...subscriptions: Subscription[]) {
    const { view, call } = guest
    subscriptions.forEach((subscription, i) => {
      const at = AT.subscriptions + i * 48
      view.setBigUint64(at, BigInt(10 + i), true)
      if ('fd' in subscription) {
        view.setUint8(at + 8, subscription.type)
        view.setUint32(at + 16, subscription.fd, true)
        return
      }
      const { clockMs, absolute = false, clock = defs.CLOCKID_MONOTONIC } = subscription
      view.setUint8(at + 8, CLOCK)
      view.setUint32(at + 16, clock, true)
      view.setBigUint64(at + 24, BigInt(Math.round(clockMs * 1e6)), true)
      view.setUint16(at + 40, absolute ? 1 : 0, true)
    })
    view.setUint32(AT.done, 77, true)
    const errno = call('poll_oneoff', AT.subscriptions, AT.events, subscriptions.length, AT.done)
    if (errno !== 0) return errno
    return Array.from({ length: view.getUint32(AT.done, true) }, (_, i) => {
      const at = AT.events + i * 32
      return {
        userdata: Number(view.getBigUint64(at, true)),
        errno: view.getUint16(at + 8, true),
        type: view.getUint8(at + 10),
        bytes: Number(view.getBigUint64(at + 16, true)),
      }
    })
  }

  const event = (userdata: number, type: number, bytes = 0, errno = 0) => ({ userdata, errno, type, bytes })

  test('never sleeps less than it was asked to', () => {
    const guest = makeGuest()
    for (let i = 0; i < 40; i++) {
      const started = performance.now()
      poll(guest, { clockMs: 0.3 + i / 20 })
      expect(performance.now() - started).toBeGreaterThanOrEqual(0.3 + i / 20)
    }
  })

  test('sleeps until its clock is over', () => {
    const started = performance.now()
    expect(poll(makeGuest(), { clockMs: 20 })).toEqual([event(10, CLOCK)])
    expect(performance.now() - started).toBeGreaterThanOrEqual(19)
  })

  test('of two clocks waits for the earlier one only', () => {
    expect(poll(makeGuest(), { clockMs: 60_000 }, { clockMs: 5 })).toEqual([event(11, CLOCK)])
  })

  test.each([
    ['monotonic', defs.CLOCKID_MONOTONIC, () => performance.now()],
    ['real', defs.CLOCKID_REALTIME, () => Date.now()],
  ])('takes a time of day of the %s clock', (_, clock, now) => {
    const guest = makeGuest()
    const started = performance.now()
    expect(poll(guest, { clockMs: now() + 30, absolute: true, clock })).toEqual([event(10, CLOCK)])
    expect(performance.now() - started).toBeGreaterThanOrEqual(25)
    expect(poll(guest, { clockMs: 1, absolute: true, clock })).toEqual([event(10, CLOCK)])
  })

  test('answers at once when stdin has bytes, and says how many', () => {
    const guest = makeGuest()
    guest.stdin.put(encode('abc'))
    expect(poll(guest, { clockMs: 60_000 }, { fd: STDIN, type: READ })).toEqual([event(11, READ, 3)])
  })

  test('answers at once at the end of stdin', () => {
    const guest = makeGuest()
    guest.stdin.end()
    expect(poll(guest, { fd: STDIN, type: READ })).toEqual([event(10, READ, 0)])
  })

  test('waits for its clock while stdin stays empty, and gives only that', () => {
    expect(poll(makeGuest(), { fd: STDIN, type: READ }, { clockMs: 5 })).toEqual([event(11, CLOCK)])
  })

  test('gives all that is ready', () => {
    const guest = makeGuest()
    guest.stdin.put(encode('a'))
    expect(
      poll(guest, { fd: STDIN, type: READ }, { clockMs: 0 }, { fd: STDOUT, type: WRITE }, { fd: 99, type: READ }),
    ).toEqual([event(10, READ, 1), event(11, CLOCK), event(12, WRITE, RING_BYTES), event(13, READ, 0, defs.ERRNO_BADF)])
  })

  test('sleeps also when stdin is closed, until the call is over', () => {
    const guest = makeGuest()
    guest.call('fd_close', STDIN)
    expect(poll(guest, { clockMs: 5 })).toEqual([event(10, CLOCK)])
    expect(poll(guest, { fd: STDIN, type: READ })).toEqual([event(10, READ, 0, defs.ERRNO_BADF)])
    guest.stdin.abort()
    expect(poll(guest, { clockMs: 60_000 })).toBe(defs.ERRNO_CANCELED)
  })

  test('for nothing is refused, and of a call that is over ends', () => {
    const guest = makeGuest()
    expect(poll(guest)).toBe(defs.ERRNO_INVAL)
    guest.stdin.abort()
    expect(poll(guest, { clockMs: 60_000 })).toBe(defs.ERRNO_CANCELED)
  })
})

describe('a descriptor that does not wait', () => {
  const NONBLOCK = defs.FDFLAGS_NONBLOCK

  test('says so where it would have to', () => {
    const { call, read, write, stdin, stdout } = makeGuest()
    for (const fd of [STDIN, STDOUT]) expect(call('fd_fdstat_set_flags', fd, NONBLOCK)).toBe(0)
    expect(read(STDIN, 4)).toBe(defs.ERRNO_AGAIN)
    stdin.put(encode('a'))
    expect(read(STDIN, 4)).toBe('a')
    stdin.end()
    expect(read(STDIN, 4)).toBe('')
    stdout.put(new Uint8Array(RING_BYTES - 2))
    expect(write(STDOUT, 'four')).toBe(2)
    expect(write(STDOUT, 'ur')).toBe(-defs.ERRNO_AGAIN)
    stdout.cancel()
    expect(write(STDOUT, 'ur')).toBe(-defs.ERRNO_PIPE)
  })
})

test('signals that a process ignores are ignored, and there are no others than there are', () => {
  const { call } = makeGuest()
  for (const ignored of [0, 16, 17, 22, 27]) expect(call('proc_raise', ignored)).toBe(0)
  for (const none of [-1, 31]) expect(call('proc_raise', none)).toBe(defs.ERRNO_INVAL)
})

test('clocks have a time and a step, and there are no others than there are', () => {
  const { call, view } = makeGuest()
  for (const [clock, now] of [
    [defs.CLOCKID_REALTIME, Date.now()],
    [defs.CLOCKID_MONOTONIC, performance.now()],
  ] as const) {
    expect(call('clock_time_get', clock, 0n, AT.stat)).toBe(0)
    expect(view.getBigUint64(AT.stat, true) / 1_000_000n).toBeGreaterThanOrEqual(BigInt(Math.floor(now)))
    expect(call('clock_res_get', clock, AT.stat)).toBe(0)
    expect(view.getBigUint64(AT.stat, true)).toBeGreaterThan(0n)
  }
  expect(call('clock_time_get', defs.CLOCKID_PROCESS_CPUTIME_ID, 0n, AT.stat)).toBe(defs.ERRNO_NOTSUP)
  expect(call('clock_res_get', 9, AT.stat)).toBe(defs.ERRNO_INVAL)
})

test('random numbers fill what they are to fill, also more than the browser gives at once', () => {
  const { call, bytes } = makeGuest()
  const length = 3 * 65_536 - 512
  expect(call('random_get', AT.buffer, length)).toBe(0)
  for (let at = AT.buffer; at < AT.buffer + length; at += 8192) {
    expect(bytes.subarray(at, at + 32).some((byte) => byte !== 0)).toBe(true)
  }
  expect(bytes[AT.buffer - 1]).toBe(0)
  expect(bytes[AT.buffer + length]).toBe(0)
})

test('leaving, raising a signal and using sockets end or fail as they should', () => {
  const { call } = makeGuest()
  expect(() => call('proc_exit', 3)).toThrow(WASIProcExit)
  expect(() => call('proc_raise', 6)).toThrow(new WebAssembly.RuntimeError('the guest raised signal 6'))
  for (const name of ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown']) {
    expect(call(name, 0, 0, 0, 0)).toBe(defs.ERRNO_NOTSOCK)
  }
})
