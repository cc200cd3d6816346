import { expect, test } from 'vitest'
import { scopesHere } from './scopes-here.ts'

test('a machine is on a private network if it was given an address there, and not by the one that it gives itself', () => {
  expect([...scopesHere('0.0.0.0', ['127.0.0.1', '203.0.113.9', '::1', 'fe80::1', '169.254.7.7'])]).toEqual(['public'])
  expect(scopesHere('0.0.0.0', ['127.0.0.1', '192.168.1.7']).has('private')).toBe(true)
  expect([...scopesHere('127.0.0.1', ['192.168.1.7'])]).toEqual(['loopback'])
})
