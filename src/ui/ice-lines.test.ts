import { expect, test } from 'vitest'
import { hidePassword } from '../mesh/ice-server.ts'
import { shownUrls, withPasswords } from './ice-lines.ts'

test('lines that are shown without their password keep it, unless they are changed', () => {
  const kept = ['stun:a.example', 'turn:me:one@b.example', 'turn:me:two@c.example']
  expect(withPasswords(kept.map(hidePassword), kept)).toEqual(kept)
  expect(withPasswords(['turn:me:••••@c.example', 'turn:me:new@b.example', 'turn:you:••••@b.example'], kept)).toEqual([
    'turn:me:two@c.example',
    'turn:me:new@b.example',
    'turn:you:••••@b.example',
  ])
})

test('a server in use is shown as it is written, without its password', () => {
  expect(shownUrls({ urls: 'stun:a.example' })).toEqual(['stun:a.example'])
  expect(shownUrls({ urls: ['turn:a.example:1', 'turns:a.example'], username: 'm@e', credential: 'x' })).toEqual([
    'turn:m%40e:••••@a.example:1',
    'turns:m%40e:••••@a.example',
  ])
})
