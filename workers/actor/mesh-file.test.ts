import { wasi } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import { Ring } from '../../src/actors/ring.ts'
import type { Mount } from './files/mount.ts'
import { MeshFile } from './mesh-file.ts'
import { RingCall } from './mesh-ring-call.ts'
import { statOf } from './mesh-folder.ts'
import { testGuest } from './wasi/test-guest.ts'

const STDOUT = 1
const WRITE = BigInt(wasi.RIGHTS_FD_WRITE)

/** A guest for which every path in `m` is a call over rings. */
function start() {
  const calls: RingCall[] = []
  const mount: Mount = {
    open: (_path, how) => {
      const call = new RingCall(() => undefined)
      calls.push(call)
      return new MeshFile(call, 1n, how)
    },
    stat: statOf,
  }
  return { calls, ...testGuest({ mounts: new Map([['m', mount]]) }) }
}

describe('a call', () => {
  test('that is left open as standard output is no trouble for the next message', () => {
    const { calls, wasi: layer, open, call, write, stdout } = start()
    expect(call('fd_renumber', open('m/log', { rights: WRITE }), STDOUT)).toBe(0)
    expect(write(STDOUT, 'line')).toBe(4)
    // The message ends, and its calls with it.
    for (const { rings } of calls) for (const buffer of Object.values(rings)) new Ring(buffer).abort()
    stdout.reset()
    layer.resetStdio()
    expect(write(STDOUT, 'reply')).toBe(5)
    expect(stdout.available).toBe(5)
  })
})
