import { encode } from 'cborg'
import { expect, test } from 'vitest'
import { GliaError } from '../../glia/errors.ts'
import { newPid } from '../../glia/pid.ts'
import { DEFAULT_POLICY, makePolicy } from '../../glia/process/policy.ts'
import { DEFAULT_RESTART } from '../../glia/process/restart.ts'
import { cidOf } from '../module/cid.ts'
import { sha256 } from '../module/sha256.ts'
import { HASH_ENTRY_BYTES } from '../snapshot/cbor-file.ts'
import { HASH_BYTES, UNIT_BYTES } from '../snapshot/snapshot.ts'
import { olderFile } from '../snapshot/test-older-file.ts'
import type { ProcessRecord } from '../table/process-record.ts'
import { type Archive, type ArchivedProcess, decodeArchive, encodeArchive } from './archive-file.ts'
import { newManagers, placed, placedMesh, placedPeople } from './placed.ts'

const MAGIC_BYTES = 12
const OTHER = 'other'
const SELF = 'self'
const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'
const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const WORDS = new TextEncoder().encode('hello')
const inspect = async () => ({ methods: ['run'] })

async function recordOf(changes: Partial<ProcessRecord> = {}): Promise<ProcessRecord> {
  return {
    pid: newPid(),
    slot: 0,
    name: 'counter',
    args: ['-v'],
    env: { LANG: 'en' },
    cid: await cidOf(MODULE),
    moduleBytes: MODULE.length,
    methods: ['run'],
    policy: { ...DEFAULT_POLICY, callers: 'browser' },
    restart: DEFAULT_RESTART,
    root: false,
    createdAt: 5,
    watches: [],
    links: [],
    ...changes,
  }
}

async function processOf(changes: Partial<ProcessRecord> = {}): Promise<ArchivedProcess> {
  const unit = new Uint8Array(UNIT_BYTES).fill(7)
  const hash = (await sha256(unit)).slice()
  const memory = new Uint8Array((65_536 / UNIT_BYTES) * HASH_BYTES)
  memory.set(hash)
  return {
    record: await recordOf(changes),
    files: [
      { path: 'dir', kind: 'directory' },
      { path: 'dir/a', kind: 'file', bytes: Uint8Array.of(1, 2, 3) },
      { path: 'b', kind: 'link', target: 'dir/a' },
    ],
    memory: {
      snapshot: {
        version: 1,
        cid: await cidOf(MODULE),
        messages: 3,
        memoryBytes: 65_536,
        memory,
        globals: [{ index: 0, type: 'i64', value: 2n ** 60n }],
        clock: { realtimeMs: 1, monotonicNs: 2n ** 60n },
        files: [],
        descriptors: [],
      },
      packs: [{ id: 1, hashes: hash, bytes: unit }],
    },
  }
}

async function archiveOf(processes: readonly ArchivedProcess[]): Promise<Archive> {
  return {
    at: 1000,
    glia: '0.2.0',
    peer: PEER,
    identity: { peerId: PEER, key: new Uint8Array(32).fill(9) },
    processes,
    modules: new Map([
      [await cidOf(MODULE), MODULE],
      [await cidOf(WORDS), WORDS],
    ]),
    mesh: { relays: ['/dns4/a/tcp/443/wss'], iceServers: [] },
    people: { ownName: 'me', names: { [PEER]: 'you' }, blocked: {} },
    page: { 'glia-theme': 'dark' },
  }
}

test('an archive comes back as it was', async () => {
  const mounts = [{ path: 'share/words.txt', cid: await cidOf(WORDS), bytes: WORDS.length }]
  const archive = await archiveOf([await processOf({ mounts, dead: 'It trapped.' }), await processOf()])
  expect(await decodeArchive(await encodeArchive(archive), inspect)).toEqual(archive)
})

/** The content behind the magic bytes, changed. */
async function changed(change: (content: Record<string, unknown>, process: Record<string, unknown>) => void) {
  const { processes, modules, ...rest } = await archiveOf([await processOf()])
  const [{ record, files } = await processOf()] = processes
  const process = { record: { ...record } as Record<string, unknown>, files }
  const content = { version: 1, ...rest, modules: [...modules.values()], processes: [process] }
  change(content, process.record)
  const magic = (await (await encodeArchive(await archiveOf([]))).arrayBuffer()).slice(0, MAGIC_BYTES)
  return new Blob([magic, encode(content)])
}

test.each([
  ['another version', /version 2/, (content) => (content['version'] = 2)],
  ['no peer', /name its peer/, (content) => (content['peer'] = 'somebody')],
  ['a missing module', /process 1, .*module of it is missing/, (content) => (content['modules'] = [])],
  ['a PID that is none', /process 1, its PID is wrong/, (_, record) => (record['pid'] = 'x')],
  ['a policy that is none', /process 1, .*quantum/, (_, record) => (record['policy'] = { quantum: 1 })],
  ['an environment of Glia', /WW_PID/, (_, record) => (record['env'] = { WW_PID: 'x' })],
  ['a key of another length', /identity is wrong/, (content) => (content['identity'] = { peerId: PEER, key: WORDS })],
  [
    'a path that leaves the folder',
    /process 1/,
    (content) => {
      const [process] = content['processes'] as { files: unknown }[]
      if (process) process.files = [{ path: '../a', kind: 'directory' }]
    },
  ],
] as const satisfies [string, RegExp, (content: Record<string, unknown>, record: Record<string, unknown>) => void][])(
  '%s is refused with a sentence',
  async (_, words, change) => {
    const reading = decodeArchive(await changed(change), inspect)
    await expect(reading).rejects.toThrow(words)
    await expect(reading).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  },
)

test('a process goes with all of its keys, and each with what it has', async () => {
  const { files, memory } = await processOf()
  const record = await recordOf({ key: true, policy: makePolicy({ memory: 'durable' }) })
  const instances = [
    { record: { key: 'Zo\u00eb', createdAt: 6 }, files, memory },
    { record: { key: 'b', createdAt: 7, dead: 'It trapped.' }, files: [], memory: undefined },
  ]
  const process = { record, files: [], memory: undefined, instances }
  const read = await decodeArchive(await encodeArchive(await archiveOf([process])), inspect)
  expect(read.processes).toEqual([process])
  const twice = { ...process, instances: [instances[0], instances[0]].filter((each) => each !== undefined) }
  const reading = decodeArchive(await encodeArchive(await archiveOf([twice])), inspect)
  await expect(reading).rejects.toThrow('it has the same key twice')
})

test('reminders come along, and are checked', async () => {
  const reminder = { id: 'x', method: 'run', body: Uint8Array.of(1, 2), dueAt: 5, plannedAt: 4, onBehalfOf: [PEER] }
  const often = { ...reminder, id: 'y', again: { everyMs: 1000 } }
  const daily = { ...reminder, id: 'z', again: { cron: '0 9 * * *', timeZone: 'Europe/Berlin' } }
  const reminders = [reminder, often, daily]
  const plain = { ...(await processOf()), reminders }
  const keyed = {
    record: await recordOf({ key: true, policy: makePolicy({ memory: 'durable' }) }),
    files: [],
    memory: undefined,
    instances: [{ record: { key: 'a', createdAt: 6 }, files: [], memory: undefined, reminders }],
  }
  const archive = await archiveOf([plain, keyed])
  expect(await decodeArchive(await encodeArchive(archive), inspect)).toEqual(archive)
  const [made, other] = placed(archive, { slot: 0, placing: 'add', kept: [] })
  expect([made?.reminders, other?.instances?.[0]?.reminders]).toEqual([reminders, reminders])
  const many = Array.from({ length: 101 }, (_, i) => ({ ...reminder, id: String(i) }))
  for (const [wrong, words] of [
    [[{ ...reminder, id: '' }], 'the id of a reminder'],
    [[{ ...reminder, id: 'x'.repeat(100) }], 'the id of a reminder'],
    [[reminder, reminder], 'the same id'],
    [many, 'the list of reminders'],
    [[7], 'the id of a reminder'],
    [[{ ...reminder, method: 'a/b' }], 'the method of a reminder'],
    [[{ ...reminder, body: 'tea' }], 'the body of a reminder'],
    [[{ ...reminder, body: new Uint8Array(65 * 1024) }], 'the body of a reminder'],
    [[{ ...reminder, dueAt: -1 }], 'the time of a reminder'],
    [[{ ...reminder, dueAt: 9e15 }], 'the time of a reminder'],
    [[{ ...reminder, plannedAt: 'now' }], 'the time of a reminder'],
    [[{ ...reminder, again: {} }], 'cron'],
    [[{ ...reminder, again: { everyMs: 1 } }], 'everyMs'],
    [[{ ...reminder, again: { cron: 'x', timeZone: 'UTC' } }], 'cron'],
    [[{ ...reminder, again: { cron: '* * * * *', timeZone: 'Middle/Earth' } }], 'cron'],
    [[{ ...reminder, onBehalfOf: ['somebody'] }], 'a peer of a reminder'],
  ] as const) {
    const file = await encodeArchive(await archiveOf([{ ...plain, reminders: wrong as never }]))
    const reading = decodeArchive(file, inspect)
    await expect.soft(reading, words).rejects.toThrow(`in process 1, `)
    await expect.soft(reading, words).rejects.toThrow(words)
  }
})

test('the same PID twice, and a second root process, are refused', async () => {
  const record = await recordOf()
  const process = { record, files: [], memory: undefined }
  const twice = await encodeArchive(await archiveOf([process, process]))
  await expect(decodeArchive(twice, inspect)).rejects.toThrow('the same PID')
  const roots = [await processOf({ root: true }), await processOf({ root: true })]
  await expect(decodeArchive(await encodeArchive(await archiveOf(roots)), inspect)).rejects.toThrow(
    'two root processes',
  )
})

test('a key of the page that is not known stays out', async () => {
  const file = await changed((content) => (content['page'] = { 'glia-theme': 'dark', other: 'x' }))
  expect((await decodeArchive(file, inspect)).page).toEqual({ 'glia-theme': 'dark' })
})

test('a file with any wrong byte is refused, and one of an older version is read', async () => {
  const archive = await archiveOf([await processOf()])
  const file = await encodeArchive(archive)
  expect(await decodeArchive(new Blob([await olderFile(file, MAGIC_BYTES)]), inspect)).toEqual(archive)
  const whole = new Uint8Array(await file.arrayBuffer())
  for (let at = 0; at < whole.length - HASH_ENTRY_BYTES; at += at < 2000 ? 1 : 97) {
    const bytes = whole.slice()
    bytes[at] = Number(bytes[at]) ^ 1
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect.soft(decodeArchive(new Blob([bytes]), inspect), `byte ${at}`).rejects.toThrow(GliaError)
  }
})

test('a file that is cut off or has wrong bytes is refused, or is a whole archive', async () => {
  const whole = await olderFile(await encodeArchive(await archiveOf([await processOf()])), MAGIC_BYTES)
  let seed = 1
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed % below
  }
  const refused = { cut: 0, wrong: 0 }
  for (let round = 0; round < 150; round++) {
    const cut = whole.slice(0, random(whole.length))
    const wrong = whole.slice()
    for (let i = 0; i <= random(4); i++)
      wrong[random(Math.min(wrong.length, round % 2 ? 1500 : wrong.length))] = random(256)
    for (const [kind, bytes] of [
      ['cut', cut],
      ['wrong', wrong],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- in an order that can be repeated
      const thrown: unknown = await decodeArchive(new Blob([bytes]), inspect).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (thrown === undefined) continue
      refused[kind] += 1
      expect(thrown).toBeInstanceOf(GliaError)
      expect((thrown as GliaError).message).toMatch(/ cannot be used: .+\.$/)
    }
  }
  expect(refused.cut).toBe(150)
  expect(refused.wrong).toBeGreaterThan(100)
})

test('processes that are added get PIDs of their own, and their ties follow', async () => {
  const [root, a, b] = [await processOf({ root: true }), await processOf(), await processOf()]
  const watch = { id: 'w', watcher: a.record.pid, watched: b.record.pid, method: 'run' }
  const tied = { ...a, record: { ...a.record, watches: [watch], links: [b.record.pid, root.record.pid] } }
  const archive = await archiveOf([root, tied, b])
  const [first, second, ...more] = placed(archive, { slot: 3, placing: 'add', kept: [] })
  expect(more).toEqual([])
  expect(first?.record.slot).toBe(3)
  expect([a.record.pid, b.record.pid]).not.toContain(first?.record.pid)
  expect(first?.record.watches).toMatchObject([{ watcher: first?.record.pid, watched: second?.record.pid }])
  expect(first?.record.links).toEqual([second?.record.pid])
})

test('a family comes along, and no process becomes its own ancestor', async () => {
  const [a, b, c] = [await processOf(), await processOf(), await processOf()]
  const childOf = (process: typeof a, parent: typeof a) => ({
    ...process,
    record: { ...process.record, parent: parent.record.pid },
  })
  const parentsOf = async (...processes: (typeof a)[]) => {
    const made = placed(await archiveOf(processes), { slot: 0, placing: 'replace', kept: [] })
    return made.map(({ record }) => record.parent)
  }
  expect(await parentsOf(a, childOf(b, a), childOf(c, b))).toEqual([undefined, a.record.pid, b.record.pid])
  expect(await parentsOf(childOf(a, a))).toEqual([undefined])
  expect(await parentsOf(childOf(a, b), childOf(b, a), childOf(c, a))).toEqual([undefined, undefined, a.record.pid])
})

test('processes that replace others keep their PIDs, but not those of another tab', async () => {
  const [a, b] = [await processOf(), await processOf()]
  const kept = [
    { pid: a.record.pid, slot: 0 },
    { pid: b.record.pid, slot: 1 },
  ]
  const [first, second] = placed(await archiveOf([a, b]), { slot: 0, placing: 'replace', kept })
  expect(first?.record.pid).toBe(a.record.pid)
  expect(second?.record.pid).not.toBe(b.record.pid)
})

test('settings that are added fill in what is not set', async () => {
  const archive = await archiveOf([])
  expect(placedMesh(archive, { relays: ['r'], iceServers: ['i'] }, 'add')).toEqual({ relays: ['r'], iceServers: ['i'] })
  expect(placedMesh(archive, { relays: ['r'], iceServers: ['i'] }, 'replace')).toEqual(archive.mesh)
  const kept = { ownName: '', names: { x: 'mine' }, blocked: { y: 1 } }
  expect(placedPeople(archive, kept, { placing: 'add', allowed: [] })).toEqual({
    ownName: 'me',
    names: { [PEER]: 'you', x: 'mine' },
    blocked: { y: 1 },
  })
})

test('an import lets nobody manage processes of whom the person was not asked', async () => {
  const archive = await archiveOf([])
  const file = { ...archive, people: { ...archive.people, managers: [PEER, OTHER] } }
  const nobody = { ownName: '', names: {}, blocked: {} }
  const kept = { ...nobody, managers: [OTHER, SELF] }
  expect(newManagers(file, undefined)).toEqual([PEER, OTHER])
  expect(newManagers(file, kept)).toEqual([PEER])
  for (const placing of ['add', 'replace'] as const) {
    for (const before of [undefined, nobody]) {
      expect(placedPeople(file, before, { placing, allowed: [] }).managers).toBeUndefined()
      expect(placedPeople(file, before, { placing, allowed: [PEER, OTHER] }).managers).toEqual([PEER, OTHER])
    }
  }
  const managers = (placing: 'add' | 'replace', allowed: readonly string[]): readonly string[] | undefined =>
    placedPeople(file, kept, { placing, allowed }).managers
  expect([managers('add', []), managers('add', [PEER, 'x'])]).toEqual([
    [OTHER, SELF],
    [OTHER, SELF, PEER],
  ])
  // Whoever is not in the file loses the right with everything else.
  expect([managers('replace', []), managers('replace', [PEER, 'x'])]).toEqual([[OTHER], [OTHER, PEER]])
})
