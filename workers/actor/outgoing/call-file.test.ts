import { wasi } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test, vi } from 'vitest'
import { Ring } from '../../../src/actors/carrier/ring.ts'
import { RingCarrier } from '../../../src/actors/carrier/ring-carrier.ts'
import type { Mount } from '../files/mount.ts'
import { BlockingCall } from '../carrier/guest-call.ts'
import { CallFile } from './call-file.ts'
import { CallFolder, statOf } from './call-folder.ts'
import { ALL_RIGHTS, DIRECTORY_RIGHTS } from '../wasi/rights.ts'
import { SPACES } from './call-space.ts'
import { AT, testGuest } from '../wasi/test-guest.ts'

const [STDOUT, ROOT] = [1, 3]
const READ = BigInt(wasi.RIGHTS_FD_READ)
const WRITE = BigInt(wasi.RIGHTS_FD_WRITE)
const PATH_OPEN = BigInt(wasi.RIGHTS_PATH_OPEN)

/** A guest for which `m` is a directory of the mesh, and every path in it is a call over rings. */
function start() {
  const calls: { call: BlockingCall; request: Ring; reply: Ring }[] = []
  const mount: Mount = {
    open: (path, how) => {
      if (path.length === 0) return new CallFolder(SPACES.ww, path, ['x'], how)
      const [request, reply] = [Ring.allocate(64), Ring.allocate(64)]
      const call = new BlockingCall(new RingCarrier(reply, request))
      calls.push({ call, request, reply })
      return new CallFile(call, 1n, how)
    },
    stat: (path) => statOf(SPACES.ww, path),
  }
  const guest = testGuest({ mounts: new Map([['m', mount]]) })
  /** The rights of the descriptor, and those that it passes on. */
  const rightsOf = (fd: number): [bigint, bigint] => {
    guest.call('fd_fdstat_get', fd, AT.stat)
    return [guest.view.getBigUint64(AT.stat + 8, true), guest.view.getBigUint64(AT.stat + 16, true)]
  }
  return { calls, rightsOf, ...guest }
}

describe('a call', () => {
  test('that is left open as standard output is no trouble for the next message', () => {
    const { calls, wasi: layer, open, call, write, stdout } = start()
    expect(call('fd_renumber', open('m/log', { rights: WRITE }), STDOUT)).toBe(0)
    expect(write(STDOUT, 'line')).toBe(4)
    // The message ends, and its calls with it.
    for (const { request, reply } of calls) for (const ring of [request, reply]) ring.abort()
    stdout.reset()
    layer.resetStdio()
    expect(write(STDOUT, 'reply')).toBe(5)
    expect(stdout.available).toBe(5)
  })

  test('that is opened with no rights can be read and written, if the directory passes that on', () => {
    const { open, call, write, rightsOf } = start()
    const both = open('m/x', { rights: 0n, inheriting: 0n })
    expect(rightsOf(both)[0] & (READ | WRITE)).toBe(READ | WRITE)
    expect(call('fd_fdstat_set_rights', ROOT, PATH_OPEN, WRITE)).toBe(0)
    const one = open('m/x', { rights: 0n, inheriting: 0n })
    expect(rightsOf(one)[0]).toBe(WRITE)
    expect(write(one, 'hello')).toBe(5)
    expect(call('fd_fdstat_set_rights', ROOT, PATH_OPEN, 0n)).toBe(0)
    const none = open('m/x', { rights: 0n, inheriting: 0n })
    expect(rightsOf(none)[0]).toBe(0n)
    expect(write(none, 'hello')).toBe(-wasi.ERRNO_BADF)
  })

  test('that can be neither read nor written is no message without content', () => {
    const { calls, open, call } = start()
    expect(call('fd_fdstat_set_rights', ROOT, PATH_OPEN, 0n)).toBe(0)
    const fd = open('m/x', { rights: 0n, inheriting: 0n })
    // The page answers, so that nothing waits for it.
    for (const { reply } of calls) reply.end()
    const ends = calls.map((one) => vi.spyOn(one.call, 'end'))
    expect(call('fd_close', fd)).toBe(0)
    expect(ends.map((end) => end.mock.calls.length)).toEqual([0])
  })

  test('is sent to and received from only with the rights to write and to read', () => {
    const { calls, open, call, iovecs } = start()
    const [reader, writer] = [open('m/x', { rights: READ }), open('m/x', { rights: WRITE })]
    for (const { reply } of calls) reply.end()
    const send = (fd: number): number => call('sock_send', fd, AT.iovs, iovecs([4]), 0, AT.done)
    const receive = (fd: number): number => call('sock_recv', fd, AT.iovs, iovecs([4]), 0, AT.done, AT.count)
    expect([send(reader), receive(reader)]).toEqual([wasi.ERRNO_BADF, 0])
    expect([send(writer), receive(writer)]).toEqual([0, wasi.ERRNO_BADF])
  })

  test('is no symbolic link', () => {
    // C's realpath asks this for each part of a path. Any other errno ends it.
    const { onPath } = start()
    for (const path of ['m', 'm/x']) {
      expect(onPath('path_readlink', [ROOT], path, AT.buffer, 100, AT.done)).toBe(wasi.ERRNO_INVAL)
    }
  })
})

test('a directory that is opened with no rights has and passes on what the one above it passes on', () => {
  const { open, call, rightsOf } = start()
  const all = open('m', { rights: 0n, inheriting: 0n })
  expect(rightsOf(all)).toEqual([BigInt(DIRECTORY_RIGHTS), BigInt(ALL_RIGHTS)])
  expect(call('fd_fdstat_set_rights', ROOT, PATH_OPEN, PATH_OPEN | READ)).toBe(0)
  const some = open('m', { rights: 0n, inheriting: 0n })
  expect(rightsOf(some)).toEqual([PATH_OPEN, PATH_OPEN | READ])
  expect(call('fd_fdstat_set_rights', ROOT, PATH_OPEN, 0n)).toBe(0)
  expect(rightsOf(open('m', { rights: 0n, inheriting: 0n }))).toEqual([0n, 0n])
})
