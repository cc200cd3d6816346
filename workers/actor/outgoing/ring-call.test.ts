import { wasi } from '@bjorn3/browser_wasi_shim'
import { describe, expect, test } from 'vitest'
import { ERRNO } from '../../../src/actors/outgoing/call-errno.ts'
import { RingLink } from '../../../src/actors/outgoing/outgoing-ring-link.ts'
import { RingCall } from './ring-call.ts'

function makePair(): { call: RingCall; link: RingLink } {
  const call = new RingCall(() => undefined)
  return { call, link: new RingLink(call.rings, () => undefined) }
}

describe('a call that fails', () => {
  test('before its file is open could not be opened', () => {
    const { call, link } = makePair()
    link.failed(ERRNO.ACCES)
    link.opened()
    expect(call.opened()).toBe(ERRNO.ACCES)
  })

  test('after that tells reads and writes, also if the worker looks at neither before', () => {
    const { call, link } = makePair()
    link.opened()
    link.failed(ERRNO.ACCES)
    link.failed(ERRNO.IO)
    expect(call.opened()).toBe(0)
    expect(call.read(new Uint8Array(1))).toBe(-ERRNO.ACCES)
    expect(call.write(new Uint8Array(1))).toBe(-ERRNO.ACCES)
  })

  test('because its page is through with it says so', () => {
    const { call, link } = makePair()
    link.opened()
    link.stopRequest()
    expect(call.opened()).toBe(0)
    expect(call.write(new Uint8Array(1))).toBe(-wasi.ERRNO_PIPE)
  })
})

test('a program that has exited took no more of the request: writes tell that, and reads give the reply and then the errno', () => {
  const { call, link } = makePair()
  link.opened()
  link.put(Uint8Array.of(7))
  link.endReply(ERRNO.IO)
  link.stopRequest()
  expect(call.write(new Uint8Array(1))).toBe(-wasi.ERRNO_PIPE)
  expect(call.read(new Uint8Array(4))).toBe(1)
  expect(call.read(new Uint8Array(4))).toBe(-ERRNO.IO)
})
