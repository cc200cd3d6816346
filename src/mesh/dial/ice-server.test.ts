import { expect, test } from 'vitest'
import { hidePassword, parseIceServer } from './ice-server.ts'

test.each([
  ['stun:example.org:3478', { urls: 'stun:example.org:3478' }],
  ['STUN:example.org', { urls: 'stun:example.org' }],
  ['turn:me:p%40s%3As@[::1]:5349', { urls: 'turn:[::1]:5349', username: 'me', credential: 'p@s:s' }],
  ['turn:me:100%@example.org', { urls: 'turn:example.org', username: 'me', credential: '100%' }],
  [
    'turns:me:s:cret@example.org?transport=tcp',
    { urls: 'turns:example.org?transport=tcp', username: 'me', credential: 's:cret' },
  ],
])('%s is read', (text, server) => {
  expect(parseIceServer(text)).toEqual(server)
})

test.each([
  '',
  'example.org',
  'http://example.org',
  'turn:example.org',
  'turn:me@example.org',
  'turn:me:p@ss@example.org',
  'stun:u:p@example.org',
  'stun:example.org?transport=udp',
  'stun:example.org:65536',
  'stun:a b',
])('“%s” is not', (text) => {
  expect(parseIceServer(text)).toBeUndefined()
})

test.each([
  ['turn:me:s:cret@example.org', 'turn:me:••••@example.org'],
  ['turn:me:p@ss@example.org', 'turn:me:••••@example.org'],
  ['TURN:secret@example.org', 'TURN:••••@example.org'],
  ['me:secret@example.org', 'me:••••@example.org'],
  ['stun:example.org:3478', 'stun:example.org:3478'],
  ['', ''],
])('the password of “%s” is hidden', (text, shown) => {
  expect(hidePassword(text)).toBe(shown)
})
