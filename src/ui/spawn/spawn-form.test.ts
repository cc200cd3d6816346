import { expect, test } from 'vitest'
import { completeSpawnOptions } from '../../actors/table/spawn-options.ts'
import { DEFAULT_POLICY, makePolicy } from '../../glia/process/policy.ts'
import { policyForm, readPolicyForm } from '../processes/policy-form.ts'
import { newForm, readForm, type SpawnForm } from './spawn-form.ts'

const PEER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'

function optionsOf(changes: Partial<SpawnForm>): ReturnType<typeof completeSpawnOptions> {
  const read = readForm({ ...newForm('upper'), ...changes })
  if (!('options' in read)) throw new Error(JSON.stringify(read.errors))
  return completeSpawnOptions(read.options, 'actor')
}

test('a sheet that nobody changed asks for the defaults', () => {
  expect(optionsOf({})).toEqual(completeSpawnOptions({ name: 'upper' }, 'actor'))
})

test('everything on the sheet reaches the process', () => {
  const options = optionsOf({
    name: ' loud ',
    description: ' Shouts. ',
    args: `-v 'a b'`,
    env: 'LANG=de\n\n A = b=c \nEMPTY=',
    callers: 'peers',
    peers: `${PEER}\n`,
    listed: true,
    sharesModule: true,
    methods: `run: browser\nreset: ${PEER}`,
    stderr: ` ${PEER} `,
    okExits: '1, 10',
    call: 'caller',
    callTo: '/ww/0.1.0/self/root/*\n',
    http: 'https://example.org/\nhttp://[::1]:80',
    deadlineSeconds: '1.5',
    mailbox: '0',
    memoryMiB: '0.5',
    messageMiB: '1',
    replyMiB: '2',
    dataMiB: '0.25',
    tmpMiB: '0.125',
    openFiles: '3',
    openCalls: '4',
    maySpawn: true,
    children: '5',
    childrenMiB: '6',
    keys: '7',
    key: true,
    mayEvict: true,
    memory: 'durable',
    storesFirst: true,
    durable: true,
    traced: false,
    keepsHeads: true,
    traceTo: PEER,
    restart: 'transient',
  })
  expect(options).toMatchObject({
    name: 'loud',
    description: 'Shouts.',
    args: ['-v', 'a b'],
    env: { LANG: 'de', A: ' b=c ', EMPTY: '' },
    restart: { type: 'transient' },
    key: true,
  })
  expect(options.policy).toEqual({
    callers: [PEER],
    listed: true,
    shareModule: true,
    methods: { run: { callers: 'browser' }, reset: { callers: [PEER] } },
    stderr: [PEER],
    call: 'caller',
    callTo: ['/ww/0.1.0/self/root/*'],
    http: ['https://example.org', 'http://[::1]'],
    deadlineMs: 1500,
    okExits: [1, 10],
    mailbox: 0,
    maxMemoryBytes: 512 * 1024,
    maxMessageBytes: 1024 * 1024,
    maxReplyBytes: 2 * 1024 * 1024,
    maxOpenFiles: 3,
    maxCalls: 4,
    spawn: true,
    maxChildren: 5,
    maxChildrenBytes: 6 * 1024 * 1024,
    maxKeys: 7,
    maxDataBytes: 256 * 1024,
    maxTmpBytes: 128 * 1024,
    sync: 'durable',
    evict: true,
    memory: 'durable',
    durable: 'before-reply',
    trace: false,
    keepHeads: true,
    traceTo: [PEER],
  })
  // A field of the policy that the sheet lacked would have its default here.
  for (const [key, value] of Object.entries(DEFAULT_POLICY)) expect(options.policy).not.toHaveProperty(key, value)
})

test('a process may have the largest and the smallest that the sheet takes', () => {
  const sizes = { messageMiB: '1000000', replyMiB: '1000000', memoryMiB: '4096', dataMiB: '4096' }
  const most = optionsOf({
    ...sizes,
    deadlineSeconds: '2000000',
    mailbox: '1000000',
    openFiles: '65536',
    openCalls: '65536',
  })
  expect(most.policy.maxDataBytes).toBe(2 ** 32)
  const none = { messageMiB: '0', replyMiB: '0', memoryMiB: '0', dataMiB: '0' }
  const least = optionsOf({ ...none, deadlineSeconds: '0.001', mailbox: '0', openFiles: '0', openCalls: '0' })
  expect(least.policy.maxDataBytes).toBe(0)
})

test('listed to all is anyone who may find it', () => {
  expect(optionsOf({ callers: 'listed' }).policy).toMatchObject({ callers: 'anyone', listed: true })
  expect(optionsOf({ callers: 'anyone', listed: true }).policy).toMatchObject({ callers: 'anyone', listed: false })
})

test('a form of a policy that nobody changed gives the same policy', () => {
  for (const given of [
    { callers: [PEER], listed: true, call: 'owner', callTo: ['/ww/0.1.0/self/*/run'] },
    { callers: 'browser', methods: { run: { callers: 'anyone' }, b: { callers: [PEER] } }, deadlineMs: 1, evict: true },
    { listed: true },
  ] as const) {
    const policy = makePolicy(given)
    expect(readPolicyForm(policyForm(policy), {})).toEqual(policy)
  }
})

test('a wrong field that is not shown stays as it was, since nobody could mend it', () => {
  const wrong = { callTo: 'root', children: 'many', childrenMiB: '', traceTo: 'me', peers: 'me' }
  expect(optionsOf({ ...wrong, call: 'off', maySpawn: false, traced: false }).policy).toMatchObject({
    callTo: DEFAULT_POLICY.callTo,
    maxChildren: DEFAULT_POLICY.maxChildren,
    maxChildrenBytes: DEFAULT_POLICY.maxChildrenBytes,
    traceTo: DEFAULT_POLICY.traceTo,
  })
  const shown = readForm({ ...newForm('upper'), ...wrong, call: 'owner', maySpawn: true })
  expect('errors' in shown && Object.keys(shown.errors).toSorted()).toEqual([
    'callTo',
    'children',
    'childrenMiB',
    'traceTo',
  ])
})

test('a name of the environment may be any', () => {
  expect(Object.entries(optionsOf({ env: '__proto__=1' }).env)).toEqual([['__proto__', '1']])
})

test('peers count only where a list is chosen', () => {
  expect(optionsOf({ callers: 'browser', peers: 'nonsense' }).policy.callers).toBe('browser')
})

test.each<[keyof SpawnForm, Partial<SpawnForm>, string]>([
  ['name', { name: ' ' }, 'name'],
  ['description', { description: 'x'.repeat(281) }, '280'],
  ['args', { args: `'open` }, 'quote'],
  ['env', { env: 'A=1\nno value' }, '“no value”'],
  ['env', { env: '=1' }, '“=1”'],
  ['env', { env: 'WW_PID=me' }, 'WW_PID'],
  ['env', { env: 'A=1\nB=2\n A =1' }, '“A” has two lines'],
  ['methods', { methods: 'run: browser\nrun : anyone' }, '“run” has two lines'],
  ['peers', { callers: 'peers', peers: `${PEER}\nme` }, '“me”'],
  ['peers', { callers: 'peers' }, 'peer id'],
  ['methods', { methods: 'run' }, '“run” is not'],
  ['methods', { methods: 'run: me' }, 'peer ids'],
  ['methods', { methods: 'a/b: browser' }, '“a/b” is not'],
  ['okExits', { okExits: 'one' }, ''],
  ['callTo', { call: 'caller', callTo: 'root' }, '“root” is not an address'],
  ['deadlineSeconds', { deadlineSeconds: '0' }, 'above 0'],
  ['mailbox', { mailbox: '1.5' }, 'whole number'],
  ['memoryMiB', { memoryMiB: '4097' }, '4096'],
  ['messageMiB', { messageMiB: '' }, 'number'],
  ['replyMiB', { replyMiB: 'all' }, 'number'],
  ['dataMiB', { dataMiB: '4096.1' }, '0 to 4096'],
  ['openFiles', { openFiles: '-1' }, '0 to'],
  ['openCalls', { openCalls: 'NaN' }, 'whole number'],
  ['keys', { keys: '0' }, 'above 0'],
])('%s is told when it is wrong: %o', (field, changes, words) => {
  const read = readForm({ ...newForm('upper'), ...changes })
  expect('errors' in read && Object.keys(read.errors)).toEqual([field])
  expect('errors' in read && read.errors[field]).toContain(words)
})
