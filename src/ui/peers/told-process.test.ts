import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import { readProcesses } from './told-process.ts'

const pid = newPid()
const told = {
  pid,
  name: 'counter',
  state: 'idle',
  root: false,
  cid: 'bafy',
  moduleBytes: 100,
  methods: ['run'],
  memoryBytes: 65_536,
  queued: 1,
  messages: 7,
  policy: DEFAULT_POLICY,
}

test('a process is read as its peer tells of it', () => {
  expect(readProcesses([told])).toMatchObject([
    { pid, name: 'counter', state: 'idle', methods: ['run'], waiting: 1, messages: 7, p50Ms: undefined },
  ])
  expect(readProcesses([told, { ...told, keys: 3 }])).toMatchObject([
    { hasKeys: false, keys: undefined },
    { hasKeys: true, keys: 3 },
  ])
  expect(readProcesses([{ ...told, state: 'hibernated' }])).toMatchObject([{ state: 'hibernated' }])
  expect(readProcesses([{ ...told, state: 'dead', why: 'It trapped.' }])).toMatchObject([{ death: 'It trapped.' }])
})

test('what is no process is left out, and what is too much is cut', () => {
  for (const value of [undefined, null, 7, 'x', {}, { length: 3 }]) expect(readProcesses(value)).toEqual([])
  const wrong = [
    { pid: 'x' },
    { name: 7 },
    { state: 'odd' },
    { policy: { quantum: 1 } },
    { policy: { callers: 'all' } },
  ]
  expect(readProcesses([null, 7, ...wrong.map((change) => ({ ...told, ...change }))])).toEqual([])
  const odd = {
    ...told,
    name: `a\u202Eb${'x'.repeat(999)}`,
    methods: ['run', 7, 'a/b'],
    memoryBytes: -1,
    queued: 'many',
  }
  const [read] = readProcesses([odd])
  expect(read?.name).toMatch(/^abx{1,198}$/)
  expect(read).toMatchObject({ methods: ['run'], memoryBytes: undefined, waiting: 0 })
})

test('what only newer peers tell is read, and wrong parts of it are left out', () => {
  const trap = {
    at: 5,
    method: 'run',
    reason: { type: 'trapped', message: 'unreachable', frames: ['run', 7] },
    final: true,
  }
  const whole = {
    ...told,
    args: ['-v', 7],
    env: { LANG: 'de', n: 1 },
    restart: { type: 'transient' },
    exits: [trap, { ...trap, at: 'x' }, { ...trap, reason: { type: 'odd', message: '' } }, null],
    lastError: { code: 'ERR_TRAPPED', message: 'It trapped.', at: 5 },
    persisted: false,
  }
  expect(readProcesses([whole], 'host')).toMatchObject([
    {
      host: 'host',
      args: ['-v'],
      env: { LANG: 'de' },
      restart: { type: 'transient' },
      exits: [{ at: 5, method: 'run', reason: { type: 'trapped', frames: ['run'] }, final: true }],
      lastError: { code: 'ERR_TRAPPED' },
      persisted: false,
    },
  ])
  const odd = { ...whole, args: 'x', env: 7, restart: { quantum: 1 }, exits: {}, lastError: { code: 'x', at: 1e300 } }
  expect(readProcesses([odd])).toMatchObject([
    { args: [], env: {}, restart: { type: 'permanent' }, exits: [], lastError: undefined },
  ])
})
