import { expect, test } from 'vitest'
import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import type { LinkState, LinkView, StatusView } from '../model.ts'
import { type StepsInit, stepsOf } from './steps.ts'

const RELAY_ID = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const RELAY = `/dns4/relay.example/tcp/443/wss/p2p/${RELAY_ID}`
const JOINED: StatusView = { level: 'ok', text: '', detail: '' }

function link(state: LinkState): LinkView {
  return { kind: 'process', hash: '#join=x&pid=y', state, peer: '12D3KooWQK1n', relays: [RELAY], pid: 'y' }
}

function relay(state: RelayInfo['state'], changes: Partial<RelayInfo> = {}): RelayInfo {
  return {
    address: RELAY,
    peerId: RELAY_ID,
    state,
    expires: undefined,
    retryAt: undefined,
    error: undefined,
    ...changes,
  }
}

function states(changes: Partial<StepsInit>): string[] {
  const init = { peer: 'me', mesh: JOINED, relays: [], error: undefined, link: link('trying'), ...changes }
  return stepsOf({ ...init, last: { what: 'The actor', state: 'now', words: 'is being asked' } }).map(
    ({ state }) => state,
  )
}

test('the part that fails is the one that is shown as failed', () => {
  expect(states({ peer: undefined, link: undefined })).toEqual(['now'])
  expect(states({ peer: undefined, link: undefined, mesh: { level: 'bad', text: '', detail: 'No.' } })).toEqual([
    'failed',
  ])
  expect(states({ relays: [relay('connecting')] })).toEqual(['done', 'now', 'later', 'later'])
  expect(states({ relays: [relay('connecting')], error: { message: 'No.' } })).toEqual([
    'done',
    'failed',
    'later',
    'later',
  ])
  expect(states({ relays: [relay('waiting')], error: { message: 'No.' } })).toEqual([
    'done',
    'failed',
    'later',
    'later',
  ])
  expect(states({ relays: [relay('reserved')], error: { message: 'No.' } })).toEqual([
    'done',
    'done',
    'failed',
    'later',
  ])
  expect(states({ relays: [relay('refused')] })).toEqual(['done', 'done', 'now', 'later'])
  expect(states({ link: link('asked') })).toEqual(['done', 'later', 'later', 'later'])
  expect(states({ link: link('declined') })).toEqual(['done', 'later', 'failed', 'later'])
  expect(states({ link: link('joined') })).toEqual(['done', 'done', 'done', 'now'])
})

test('a relay that this tab knows under another address is the same relay', () => {
  const known = relay('waiting', { address: `/ip4/10.0.0.1/tcp/2081/ws/p2p/${RELAY_ID}`, error: 'It does not answer.' })
  const [, step] = stepsOf({ peer: 'me', mesh: JOINED, relays: [known], error: undefined, link: link('trying') })
  expect(step).toEqual({
    what: 'The relay 10.0.0.1:2081',
    state: 'failed',
    words: 'is not reachable. It does not answer. This page tries again by itself.',
  })
})
