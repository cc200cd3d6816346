import { expect, test } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import type { PeerDetail } from '../../mesh/presence/peer-info.ts'
import { LivePeer } from './live-peer.ts'

const CONNECTION = {
  address: '/ip4/1.2.3.4',
  isDirect: true,
  isLimited: false,
  isInbound: false,
  since: 0,
  streams: [],
}

function detail(isConnected: boolean, receivedBytes = 0): PeerDetail {
  const connections = isConnected ? [CONNECTION] : []
  return { connections, receivedBytes, sentBytes: 0, lastSeen: isConnected ? undefined : 7, whyRelayed: undefined }
}

const never = new AbortController().signal

test('a peer that freezes is said not to answer since its last answer, until it answers or is gone', async () => {
  let isConnected = true
  let answers = true
  const live = new LivePeer(
    {
      lookAt: async () => detail(isConnected),
      ping: async () => {
        if (answers) return 12
        throw new GliaError('ERR_UNREACHABLE', 'It does not answer.')
      },
    },
    'ada',
  )
  await live.look(never)
  expect([live.silentSince.value, live.samples.value.map(({ ms }) => ms)]).toEqual([undefined, [12]])
  const answeredAt = Date.now()
  answers = false
  await live.look(never)
  expect(live.silentSince.value).toBeLessThanOrEqual(answeredAt)
  answers = true
  await live.look(never)
  expect(live.silentSince.value).toBeUndefined()
  answers = false
  await live.look(never)
  isConnected = false
  await live.look(never)
  expect([live.silentSince.value, live.rates.value, live.detail.value?.lastSeen]).toEqual([undefined, undefined, 7])
  expect(live.samples.value.map(({ ms }) => ms)).toEqual([12, undefined, 12, undefined])
})

test('one ping is under way at a time, and a page that was left shows nothing more', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  let pings = 0
  const live = new LivePeer(
    {
      lookAt: async () => detail(true),
      ping: () => {
        pings += 1
        return promise
      },
    },
    'ada',
  )
  const left = new AbortController()
  const looks = [live.look(left.signal), live.look(left.signal)]
  await expect.poll(() => pings).toBe(1)
  left.abort()
  resolve(5)
  await Promise.all(looks)
  expect([pings, live.samples.value]).toEqual([1, []])
})

test('why nothing can be shown is told, and forgotten once it can', async () => {
  let fails = true
  const live = new LivePeer(
    {
      lookAt: async () => {
        if (fails) throw new GliaError('ERR_START', 'The mesh did not start.')
        return detail(false)
      },
      ping: async () => 1,
    },
    'ada',
  )
  await live.look(never)
  expect(live.error.value).toMatchObject({ code: 'ERR_START' })
  fails = false
  await live.look(never)
  expect(live.error.value).toBeUndefined()
})
