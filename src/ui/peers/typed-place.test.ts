import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { placeIn } from './typed-place.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const PID = newPid()

test.each([
  ['a PID', PID, { pid: PID }],
  ['a PID among words', `call ${PID} now`, { pid: PID }],
  ['the PID of an instance', ` ${PID}:k1 `, { pid: PID, key: 'k1' }],
  ['an address', `/ww/0.1.0/${PEER}/${PID}/count`, { pid: PID, method: 'count' }],
  ['an address without a method', `/ww/0.1.0/${PEER}/${PID}`, { pid: PID }],
  ['an address with a key', `/ww/0.1.0/${PEER}/${PID}:Zoë b/count`, { pid: PID, key: 'Zoë b', method: 'count' }],
  ['an address whose key was left out', `/ww/0.1.0/${PEER}/${PID}:/count`, { pid: PID, key: '', method: 'count' }],
  ['an address on the web', `https://glia.example/ww/0.1.0/${PEER}/${PID}/count?key=k1`, { pid: PID }],
  ['neither', 'nonsense', undefined],
  ['a peer alone', `/ww/0.1.0/${PEER}`, undefined],
])('%s', (_, text, place) => expect(placeIn(text)).toEqual(place))
