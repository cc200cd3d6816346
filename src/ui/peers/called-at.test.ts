import { expect, test } from 'vitest'
import { processesIn } from './called-at.ts'

test('the processes of a peer that were called are offered once, the last one first, with their methods', () => {
  const call = (host: string, pid: string, method: string, way: 'in' | 'out' = 'out') => ({ way, host, pid, method })
  const calls = [
    call('ada', 'one', 'count'),
    call('bob', 'other', 'count'),
    call('ada', 'two', 'echo'),
    call('ada', 'in', 'echo', 'in'),
    call('ada', 'root', 'about'),
    call('ada', 'many:alice', 'note'),
    call('ada', 'many:bob', 'read'),
    call('ada', 'one', 'reset'),
  ]
  expect(processesIn(calls, 'ada')).toEqual([
    { pid: 'one', name: 'called before', methods: ['reset', 'count'] },
    { pid: 'many', name: 'called before', methods: ['read', 'note'], key: true },
    { pid: 'two', name: 'called before', methods: ['echo'] },
  ])
})
