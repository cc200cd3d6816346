import { expect, test } from 'vitest'
import { hidePassword } from '../../mesh/dial/ice-server.ts'
import { shownUrls, withPasswords } from './ice-lines.ts'

test('lines that are shown without their password keep it, unless they are changed', () => {
  const kept = ['stun:a.example', 'turn:me:one@b.example', 'turn:me:two@c.example']
  expect(withPasswords(kept.map(hidePassword).join('\n'), kept)).toEqual(kept)
  expect(withPasswords('turn:me:••••@c.example\nturn:me:new@b.example\n\n turn:you:••••@b.example', kept)).toEqual([
    'turn:me:two@c.example',
    'turn:me:new@b.example',
    'turn:you:••••@b.example',
  ])
  expect(withPasswords('turn:me:••••@b.example\nturn:me:••••@b.example', kept)).toEqual(['turn:me:one@b.example'])
})

test('lines that differ only in their password each keep their own', () => {
  const kept = ['turn:me:one@a.example', 'stun:b.example', 'turn:me:two@a.example']
  const hidden = 'turn:me:••••@a.example'
  expect(withPasswords(kept.map(hidePassword).join('\n'), kept)).toEqual(kept)
  expect(withPasswords(`${hidden}\n${hidden}`, kept)).toEqual([kept[0], kept[2]])
  expect(withPasswords(`turn:me:new@a.example\nstun:b.example\n${hidden}`, kept)).toEqual([
    'turn:me:new@a.example',
    'stun:b.example',
    kept[2],
  ])
  // Nobody can tell which of the two is left, so its password is asked for again.
  expect(withPasswords(`stun:b.example\n${hidden}`, kept)).toEqual(['stun:b.example', hidden])
})

test('a server in use is shown as it is written, without its password', () => {
  expect(shownUrls({ urls: 'stun:a.example' })).toEqual(['stun:a.example'])
  expect(shownUrls({ urls: ['turn:a.example:1', 'turns:a.example'], username: 'm@e', credential: 'x' })).toEqual([
    'turn:m%40e:••••@a.example:1',
    'turns:m%40e:••••@a.example',
  ])
})
