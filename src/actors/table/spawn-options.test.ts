import { expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import { DEFAULT_RESTART } from '../../glia/process/restart.ts'
import { completeSpawnOptions, type SpawnOptions } from './spawn-options.ts'

test('nothing given is all defaults', () => {
  expect(completeSpawnOptions({}, 'counter')).toEqual({
    name: 'counter',
    args: [],
    env: {},
    restart: DEFAULT_RESTART,
    policy: DEFAULT_POLICY,
  })
})

test('what is given stands, and is a copy', () => {
  const given = { name: 'a', args: ['-x', ''], env: { KEY: 'a=b', EMPTY: '' }, restart: 'transient' } as const
  const full = completeSpawnOptions({ ...given, policy: { mailbox: 1 } }, 'other')
  const restart = { ...DEFAULT_RESTART, type: 'transient' }
  expect(full).toEqual({ ...given, restart, policy: { ...DEFAULT_POLICY, mailbox: 1 } })
  expect(completeSpawnOptions({ tty: true }, 'other')).toMatchObject({ tty: true })
  expect(full.args).not.toBe(given.args)
  expect(full.env).not.toBe(given.env)
})

test.each<[string, unknown]>([
  ['names', { names: 'a' }],
  ['name', { name: '' }],
  ['name', { name: 'x'.repeat(101) }],
  ['name', { name: 'a\0b' }],
  ['name', { name: 7 }],
  ['tty', { tty: 'yes' }],
  ['args', { args: '-x' }],
  ['args', { args: ['a', 1] }],
  ['args', { args: ['a\0b'] }],
  ['args', { args: null }],
  ['env', { env: null }],
  ['env', { env: ['KEY=value'] }],
  ['env', { env: 'KEY=value' }],
  ['env', { env: { KEY: 1 } }],
  ['env', { env: { KEY: 'a\0b' } }],
  ['env', { env: { '': 'a' } }],
  ['env', { env: { 'A=B': 'a' } }],
  ['env', { env: { 'A\0B': 'a' } }],
  ['WW_', { env: { WW_PID: 'mine' } }],
  ['restart', { restart: 'always' }],
  ['restart.intensity', { restart: { type: 'permanent', intensity: -1 } }],
  ['policy', { policy: 5 }],
  ['policy', { policy: [] }],
  ['policy', { policy: null }],
  ['policy', { policy: '' }],
  ['policy.callers', { policy: { callers: 'nobody' } }],
  ['policy.speed', { policy: { speed: 1 } }],
  ['spawn', null],
  ['spawn', 'counter'],
])('what is wrong with %s is said by its name: %o', (named, given) => {
  expect(() => completeSpawnOptions(given as SpawnOptions, 'counter')).toThrow(
    expect.objectContaining({ code: 'ERR_BAD_REQUEST', message: expect.stringContaining(named) as unknown }),
  )
})
