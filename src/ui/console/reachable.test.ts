import { signal } from '@preact/signals'
import { expect, test, vi } from 'vitest'
import type { ProcessView } from '../model.ts'
import type { PeerInfo } from '../../mesh/presence/peer-info.ts'
import type { Pid } from '../../glia/pid.ts'
import { Reachable } from './reachable.ts'

const process = { pid: '3kQz', name: 'counter', methods: ['increment', 'read'] } as unknown as ProcessView
const peer = (peerId: string, link: PeerInfo['link'] = 'direct'): PeerInfo => ({
  peerId,
  link,
  address: undefined,
  latencyMs: undefined,
  agent: undefined,
  protocols: [],
  since: undefined,
  relay: false,
  processes: true,
})

test('the methods of this tab and those that connected peers list are offered', async () => {
  const asked: string[] = []
  const model = {
    processes: signal([process]),
    peers: signal([peer('12D3KooWada'), peer('12D3KooWgone', 'none'), peer('12D3KooWmute')]),
    listedBy: async (peerId: string) => {
      asked.push(peerId)
      if (peerId === '12D3KooWmute') throw new Error('no answer')
      return [{ pid: 'Fh2m' as Pid, name: 'upper', methods: ['upper'] }]
    },
  }
  const reachable = new Reachable()
  await reachable.ask(model, new AbortController().signal)
  const found = reachable.choices(model)
  expect(asked).toEqual(['12D3KooWada', '12D3KooWmute'])
  expect(found.map(({ value }) => value)).toEqual([
    '/ww/0.1.0/self/3kQz/increment',
    '/ww/0.1.0/self/3kQz/read',
    '/ww/0.1.0/12D3KooWada/root/about',
    '/ww/0.1.0/12D3KooWada/root/echo',
    '/ww/0.1.0/12D3KooWada/Fh2m/upper',
    '/ww/0.1.0/12D3KooWmute/root/about',
    '/ww/0.1.0/12D3KooWmute/root/echo',
  ])
  // An answer is used for a while.
  await reachable.ask(model, new AbortController().signal)
  expect(asked).toHaveLength(2)
})

test('a peer that did not answer is asked again soon, and one whose answer was not awaited at once', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const closing = new AbortController()
  const answers = [
    () => Promise.reject(new Error('no answer')),
    () =>
      new Promise<never>((_, reject) => closing.signal.addEventListener('abort', () => reject(new Error('closed')))),
    async () => [{ pid: 'Fh2m' as Pid, name: 'upper', methods: ['upper'] }],
  ]
  const model = {
    processes: signal([]),
    peers: signal([peer('12D3KooWada')]),
    listedBy: async () => (answers.shift() as (typeof answers)[2])(),
  }
  const reachable = new Reachable()
  const offered = (): string[] => reachable.choices(model).map(({ words }) => words)
  await reachable.ask(model, new AbortController().signal)
  await reachable.ask(model, new AbortController().signal)
  expect(answers).toHaveLength(2)
  expect(offered()).toEqual(['root · about', 'root · echo'])

  vi.setSystemTime(Date.now() + 5_000)
  const unread = reachable.ask(model, closing.signal)
  // While a peer is asked, nobody asks it again.
  await reachable.ask(model, new AbortController().signal)
  expect(answers).toHaveLength(1)
  closing.abort()
  await unread

  await reachable.ask(model, new AbortController().signal)
  expect(offered()).toEqual(['root · about', 'root · echo', 'upper · upper'])
  vi.useRealTimers()
})
