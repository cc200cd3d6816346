import { signal } from '@preact/signals'
import { afterEach, afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guest } from '../../e2e/guests/guests.ts'
import { SYS_METHODS } from '../actors/sys/sys-proc.ts'
import { MemoryStore } from '../actors/table/test-store.ts'
import type { KeptPeople } from '../actors/table/schema.ts'
import { installErrorTransfer } from '../actors/worker/comlink-errors.ts'
import { chainNameOf } from '../glia/chain-name.ts'
import { NO_CONTEXT } from '../glia/call-context.ts'
import { toGliaError } from '../glia/errors.ts'
import { SILENT } from '../glia/log.ts'
import { newPid, type Pid, systemPid } from '../glia/pid.ts'
import type { GivenPolicy } from '../glia/process/policy.ts'
import { concat } from '../glia/stream/concat.ts'
import type { StreamInit } from '../glia/stream/stream-pair.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import { OTHER, SELF } from '../glia/test-peer.ts'
import { makeProcesses } from '../node/test-processes.ts'
import { builtActorWorker } from '../node/test-worker.ts'
import { createTabSys } from './tab-sys.ts'

/** What a message came to: the line and the rest of a reply, or the failure. */
interface Answer {
  readonly head: Record<string, unknown>
  readonly body: Uint8Array
  readonly code?: string | undefined
  readonly message: string
}

const KiB64 = 65_536
const NAMES: KeptPeople = { ownName: '', names: {}, blocked: {} }
let worker: Awaited<ReturnType<typeof builtActorWorker>>
let asker: Uint8Array<ArrayBuffer>
let trouble: Uint8Array<ArrayBuffer>
const opened: (() => Promise<void>)[] = []

beforeAll(async () => {
  installErrorTransfer()
  ;[worker, asker, trouble] = await Promise.all([builtActorWorker(), guest('ask'), guest('trouble')])
})
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})
afterAll(() => worker.remove())

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value)
const line = (head: object): Uint8Array<ArrayBuffer> => bytes(`${JSON.stringify(head)}\n`)

/** The processes of a tab, with its system process. */
async function makeTab(store = new MemoryStore(), liveLimit?: number) {
  const life = new AbortController()
  const view = signal(NAMES)
  const restored = Promise.withResolvers<void>()
  const tab = makeProcesses({
    script: worker.script,
    store,
    liveLimit,
    sys: (parts) =>
      createTabSys({
        ...parts,
        peerId: SELF,
        slot: 0,
        store,
        people: { view },
        log: SILENT,
        restored: restored.promise,
        alive: life.signal,
      }),
  })
  const { table, router } = tab
  await table.restore()
  restored.resolve()
  await table.ensureRoot(trouble)
  opened.push(async () => {
    life.abort()
    await table.stop()
  })
  const send = async (
    pid: string,
    method: string,
    message: Uint8Array,
    init: Partial<StreamInit> = {},
  ): Promise<Answer> => {
    const stream = router.open({ host: SELF, proc: pid as Pid, method }, { caller: 'browser', ...init })
    void stream.write(message).then(
      () => stream.closeWrite(),
      () => undefined,
    )
    return readAll(stream).then(answered, (thrown: unknown) => {
      const { code, message: why } = toGliaError(thrown)
      return { head: {}, body: new Uint8Array(), code, message: why }
    })
  }
  /** A message to the system process, of a page unless something else is said. */
  const order = (method: string, head: object, body: Uint8Array = new Uint8Array(), init?: Partial<StreamInit>) =>
    send(systemPid(SELF), method, concat([line(head), body]), init)
  /** The same, of a process. A failure has the errno as its code, and the reason as its message. */
  const orderBy = async (
    pid: unknown,
    method: string,
    head: object,
    body: Uint8Array = new Uint8Array(),
    init?: Partial<StreamInit>,
  ): Promise<Answer> => {
    const { log } = tab.entry(String(pid))
    const before = log.lines.length
    const path = bytes(`ww/0.1.0/self/sys/${method}\n`)
    const answer = await send(String(pid), 'ask', concat([path, line(head), body]), init)
    log.flush()
    const why = log.lines.slice(before).map((each) => each.text)
    return answer.message.startsWith('errno') ? { ...answer, code: answer.message, message: why.join('\n') } : answer
  }
  const spawnAsker = (policy: GivenPolicy, name = 'parent'): Promise<Pid> => table.spawn(asker, { name, policy })
  /** The processes, without the root process. */
  const made = () => table.entries.filter(({ record }) => !record.root)
  return { ...tab, made, view, store, send, order, orderBy, spawnAsker }
}

function answered(reply: Uint8Array): Answer {
  const end = reply.indexOf(10)
  const first = text(end < 0 ? reply : reply.subarray(0, end))
  const head = first.startsWith('{') ? (JSON.parse(first) as Record<string, unknown>) : {}
  return { head, body: reply.slice(end + 1), message: first }
}

describe('the system process of a tab', () => {
  test('makes, lists, swaps, copies and ends processes for a page of this browser', async () => {
    const { order, table, call } = await makeTab()
    const { head, code } = await order('spawn', { name: 'one', policy: { callers: 'browser' } }, trouble)
    expect({ code, methods: head['methods'] }).toMatchObject({ methods: expect.arrayContaining(['count']) as unknown })
    const pid = String(head['pid'])
    expect([await call(pid, 'count'), await call(pid, 'count')]).toEqual(['1', '2'])
    const snapshot = await order('snapshot', { pid })
    expect(snapshot.head).toEqual({ bytes: snapshot.body.length })
    const twin = String((await order('restore', { name: 'twin' }, snapshot.body)).head['pid'])
    expect(await call(twin, 'count')).toBe('3')
    await order('swap', { pid }, trouble)
    expect(await call(pid, 'count')).toBe('1')
    expect((await order('provide', { pid })).head).toEqual({ cid: table.find(pid)?.cid })
    expect(table.find(pid)?.policy.shareModule).toBe(true)
    const listed = (await order('list', {})).head['processes'] as { name: string }[]
    expect(listed.map(({ name }) => name)).toEqual(['root', 'one', 'twin'])
    expect((await order('kill', { pid })).head).toEqual({
      name: 'one',
      undo: expect.any(String) as unknown,
      isWhole: false,
    })
    expect(await order('kill', { pid })).toMatchObject({ code: 'ERR_NO_PROC' })
  })

  test('takes no messages of other peers, until the person names them', async () => {
    const { order, view } = await makeTab()
    expect(await order('list', {}, undefined, { caller: OTHER })).toMatchObject({ code: 'ERR_DENIED' })
    view.value = { ...NAMES, managers: [OTHER] }
    expect((await order('list', {}, undefined, { caller: OTHER })).head['processes']).toHaveLength(1)
    // Nor for a peer that one of them calls for.
    const context = { ...NO_CONTEXT, onBehalfOf: [SELF.replace(/.$/, 'z')] }
    expect(await order('list', {}, undefined, { caller: OTHER, context })).toMatchObject({ code: 'ERR_DENIED' })
    view.value = NAMES
    expect(await order('list', {}, undefined, { caller: OTHER })).toMatchObject({ code: 'ERR_DENIED' })
  })

  test('takes no messages of processes of other tabs and peers, whoever runs them', async () => {
    const { order, view } = await makeTab()
    view.value = { ...NAMES, managers: [OTHER] }
    const context = { ...NO_CONTEXT, chain: [chainNameOf(OTHER, newPid())] }
    for (const caller of ['browser', OTHER]) {
      const refused = await order('list', {}, undefined, { caller, context })
      expect(refused).toMatchObject({ code: 'ERR_DENIED', message: expect.stringContaining('another tab') as unknown })
    }
  })

  test('refuses heads and bodies that are none, in words', async () => {
    const { send, order } = await makeTab()
    const sys = systemPid(SELF)
    for (const [message, words] of [
      ['nonsense', 'not JSON'],
      ['[]\n', 'not an object'],
      [' '.repeat(300_000), 'too long'],
      ['{"quantum":true}\n', 'there is no such option'],
      ['{"policy":"all"}\n', 'policy: give an object'],
      ['{}\nno module', ''],
    ] as const) {
      const refused = await send(sys, 'spawn', bytes(message))
      expect(refused.code).toMatch(/^ERR_BAD_(REQUEST|MODULE)$/)
      expect(refused.message).toContain(words)
    }
    const tooLarge = await send(sys, 'spawn', new Uint8Array(), { expectedBytes: 2 ** 30 })
    expect(tooLarge).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
    expect((await order('list', {})).head['processes']).toHaveLength(1)
  })

  test('answers damaged heads and absurd values with a short sentence, whatever the method', async () => {
    const { send, table, made, store } = await makeTab()
    const pid = await table.spawn(trouble, { name: 'one' })
    const keyed = await table.spawn(trouble, { name: 'many', key: true })
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const long = 'x'.repeat(200_000)
    const heads = [
      Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d, 10),
      Uint8Array.of(0, 10),
      bytes('{"pid":\n'),
      bytes('{"pid":"\ud800"}\n'),
      bytes('"text"\n'),
      bytes('null\n'),
      bytes('1e999\n'),
      bytes(deep),
      bytes(`{"pid":${deep}}\n`),
      bytes(`{"pid":"${pid}","policy":${deep},"id":${deep},"method":${deep},"limit":${deep},"name":${deep}}\n`),
      bytes(`{"pid":"${long}","policy":{"${long}":1},"${long}":1,"link":"${long}"}\n`),
      bytes(
        `{"pid":"${pid}","policy":{"callers":"${long}"},"id":"${long}","method":"${long}","inMs":1,"limit":"${long}"}\n`,
      ),
      bytes(`{"pid":"${pid}","id":1e999,"method":"count","inMs":1e999,"limit":1e999,"policy":{"mailbox":1e999}}\n`),
      bytes(`{"pid":"${pid}","id":-1,"method":"count","everyMs":-1,"limit":-1,"policy":{"mailbox":-1}}\n`),
      bytes(`{"pid":"${pid}:${long}","method":"count","inMs":1,"policy":7}\n`),
      bytes(`{"pid":"${keyed}:${long}","method":"count","inMs":1,"policy":[]}\n`),
      bytes(`{"pid":"${keyed}:","method":"count","inMs":1,"policy":{"__proto__":{}},"__proto__":7}\n`),
      bytes(
        `{"pid":"${keyed}","method":"count","cron":"${'* '.repeat(90_000)}","limit":null,"policy":null,"id":null}\n`,
      ),
    ]
    for (const head of heads) {
      for (const method of SYS_METHODS) {
        // These need no more than the PID, which some heads have.
        if (method === 'list' || (method === 'kill' && [pid, keyed].some((each) => text(head).includes(`"${each}"`)))) {
          continue
        }
        const { code, message } = await send(systemPid(SELF), method, head)
        const shown = `${method} ${text(head.slice(0, 80))}`
        expect.soft([shown, code ?? 'ok']).toEqual([shown, expect.stringMatching(/^(ok|ERR_(BAD_|NO_|DENIED).*)$/)])
        expect.soft([shown, message.length < 1000 || code === undefined]).toEqual([shown, true])
      }
    }
    expect(made()).toHaveLength(2)
    expect(store.reminded.size).toBe(0)
  })

  test('delivers reminders that were kept when the page is opened again', async () => {
    const store = new MemoryStore()
    const first = await makeTab(store)
    const pid = await first.spawnAsker({ call: 'owner' })
    const planned = await first.orderBy(pid, 'remind', { method: 'note', inMs: 60_000 }, bytes('tea'))
    expect(planned.head).toMatchObject({ id: expect.any(String) as unknown })
    await first.table.stop()
    for (const [name, kept] of store.reminded) store.reminded.set(name, { ...kept, dueAt: Date.now() - 5000 })
    const again = await makeTab(store)
    await expect.poll(() => again.call(pid, 'told')).toMatch(/"missed":0\}\ntea/)
    expect(store.reminded.size).toBe(0)
  })

  test('delivers a reminder with the rights of those for whom a process asked for it', async () => {
    const { view, orderBy, spawnAsker, entry, order } = await makeTab()
    view.value = { ...NAMES, managers: [OTHER] }
    const pid = await spawnAsker({ call: 'caller' })
    await orderBy(pid, 'remind', { method: 'note', inMs: 0 }, bytes('tea'), { caller: OTHER })
    await order('remind', { pid, method: 'note', inMs: 0 }, bytes('tea'), { caller: OTHER })
    const noted = () =>
      entry(pid)
        .proc.calls.list()
        .filter(({ method }) => method === 'note')
    // The peer that manages the process itself asks as its owner.
    await expect.poll(() => noted().map(({ onBehalfOf }) => onBehalfOf)).toEqual([[], [OTHER]])
  })

  test('tries a reminder again that a full mailbox has refused, and the log says so', async () => {
    const { table, order, call, hold, entry, store } = await makeTab()
    const pid = await table.spawn(trouble, { policy: { mailbox: 1 } })
    const end = await hold(pid)
    const waiting = call(pid, 'count')
    await expect.poll(() => entry(pid).proc.waiting).toBe(1)
    const { head } = await order('remind', { pid, method: 'count', inMs: 0 })
    const lines = () => entry(pid).log.lines.map((each) => each.text)
    await expect.poll(lines).toContainEqual(expect.stringContaining(`The reminder ${String(head['id'])} for count was`))
    expect(store.reminded.size).toBe(1)
    await end()
    expect(await waiting).toBe('1')
    await expect.poll(() => store.reminded.size, { timeout: 10_000 }).toBe(0)
    expect(await call(pid, 'count')).toBe('3')
  })

  test('tries a reminder again for which no worker was free', async () => {
    const { table, order, call, entry, store } = await makeTab(undefined, 1)
    const busy = await table.spawn(trouble, {})
    expect(await call(busy, 'count')).toBe('1')
    const pid = await table.spawn(trouble, {})
    expect(entry(pid).state).toBe('cold')
    await order('remind', { pid, method: 'count', inMs: 0 })
    const lines = () => entry(pid).log.lines.map((each) => each.text)
    await expect
      .poll(lines)
      .toContainEqual(expect.stringMatching(/ was not taken: .* ERR_LIVE_LIMIT It is tried again/))
    await table.kill(busy)
    await expect.poll(() => store.reminded.size, { timeout: 10_000 }).toBe(0)
    expect(await call(pid, 'count')).toBe('2')
  })

  test('holds a reminder back while its process is dead', async () => {
    const { table, order, call, entry, store } = await makeTab()
    const pid = await table.spawn(trouble, { restart: 'temporary' })
    expect(await call(pid, 'trap')).toBe('ERR_TRAPPED')
    await store.settled()
    expect(entry(pid).state).toBe('dead')
    await order('remind', { pid, method: 'count', inMs: 0 })
    const lines = () => entry(pid).log.lines.map((each) => each.text)
    await expect.poll(lines).toContainEqual(expect.stringContaining(' was not taken: '))
    await table.restart(pid)
    await expect.poll(() => entry(pid).proc.messages, { timeout: 10_000 }).toBe(2)
  })

  test('has no reminder for a process that is killed while it asks for one', async () => {
    const { table, router, store, order } = await makeTab()
    const pid = await table.spawn(trouble, {})
    await order('list', {})
    const stream = router.open({ host: SELF, proc: systemPid(SELF), method: 'remind' }, { caller: 'browser' })
    await stream.write(line({ pid, method: 'count', inMs: 60_000 }))
    // Another sender is answered meanwhile: the head before it was read.
    await order('list', {}, undefined, { context: { ...NO_CONTEXT, client: 'other' } })
    await table.kill(pid)
    await stream.closeWrite()
    await expect(readAll(stream)).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
    await store.settled()
    expect(store.reminded.size).toBe(0)
  })

  test('refuses a reminder with too large a body before it has read it', async () => {
    const { router, table } = await makeTab()
    const pid = await table.spawn(trouble, {})
    const stream = router.open({ host: SELF, proc: systemPid(SELF), method: 'remind' }, { caller: 'browser' })
    await stream.write(line({ pid, method: 'count', inMs: 60_000 }))
    void stream.write(new Uint8Array(100_000)).catch(() => undefined)
    // The message does not end.
    await expect(readAll(stream)).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
  })

  test('keeps the reminders of a process whose kill is undone', async () => {
    const { table, order, store } = await makeTab()
    const pid = await table.spawn(asker, {})
    await order('remind', { pid, method: 'note', inMs: 60_000 })
    const killed = await table.kill(pid)
    expect(store.reminded.size).toBe(0)
    await table.undoKill(killed)
    expect([...store.reminded.values()]).toMatchObject([{ pid, method: 'note' }])
  })

  test('keeps the reminders of a process that has ended and is restarted by hand', async () => {
    const store = new MemoryStore()
    const { table, order, call, entry } = await makeTab(store)
    const pid = await table.spawn(trouble, { restart: 'temporary' })
    await order('remind', { pid, method: 'count', inMs: 3_600_000 })
    expect(await call(pid, 'trap')).toBe('ERR_TRAPPED')
    await entry(pid).retired
    await store.settled()
    expect(store.reminded.size).toBe(0)
    await table.restart(pid)
    await store.settled()
    expect([...store.reminded.values()]).toMatchObject([{ pid, method: 'count' }])
  })

  test('delivers no reminder to a key that was killed, which would bring it back', async () => {
    const { table, call, order } = await makeTab()
    const pid = await table.spawn(asker, { key: true })
    const [one, other] = [`${pid}:one`, `${pid}:other`]
    for (const key of [one, other]) {
      await call(key, 'told')
      await order('remind', { pid: key, method: 'note', everyMs: 60_000 })
    }
    await table.kill(one)
    expect((await order('reminders', { pid: one })).head).toEqual({ reminders: [] })
    expect((await order('reminders', { pid: other })).head).toMatchObject({ reminders: [{ method: 'note' }] })
  })
})

describe('a process that makes processes', () => {
  test('may do so also if it may call nobody, is told of their ends, and sees no others', async () => {
    const { orderBy, spawnAsker, call, entry, table } = await makeTab()
    const stranger = await table.spawn(trouble, { name: 'stranger' })
    const parent = await spawnAsker({ spawn: true })
    const { head } = await orderBy(parent, 'spawn', { name: 'child', watch: 'note' }, trouble)
    const child = String(head['pid'])
    expect(entry(child).record).toMatchObject({ parent, links: [parent], policy: { call: 'off', spawn: false } })
    expect(await call(child, 'trap')).toBe('ERR_TRAPPED')
    await expect
      .poll(() => call(parent, 'told'))
      .toContain(`{"pid":"${child}","name":"child","reason":{"type":"trapped"`)
    // It watches its child, so it did not end with it.
    expect(entry(parent).record.exits ?? []).toEqual([])
    const listed = (await orderBy(parent, 'list', {})).head['processes']
    expect(listed).toMatchObject([{ pid: child, parent }])
    for (const method of ['kill', 'swap', 'snapshot', 'restart', 'policy', 'export', 'logs', 'provide', 'remind']) {
      const refused = await orderBy(parent, method, { pid: stranger, policy: {}, method: 'note', inMs: 1 }, trouble)
      expect.soft([method, refused.code]).toEqual([method, 'errno 2'])
      expect.soft(refused.message).toContain(`and ${stranger} is none of them. ERR_DENIED`)
    }
    for (const own of [parent, systemPid(SELF)]) {
      expect((await orderBy(parent, 'kill', { pid: own })).code).toMatch(/^errno (2|44)$/)
    }
    expect((await orderBy(parent, 'kill', { pid: newPid() })).code).toBe('errno 44')
    // It may call nobody else.
    expect(await call(parent, 'ask', `ww/0.1.0/self/${stranger}/count\n`)).toBe('errno 2')
    expect(await orderBy(parent, 'swap', { pid: child }, asker)).toMatchObject({
      head: { methods: expect.arrayContaining(['ask']) as unknown },
    })
    expect((await orderBy(parent, 'kill', { pid: child })).head).toEqual({ name: 'child' })
    expect(table.get(stranger)).toBeDefined()
  })

  test.each<[string, GivenPolicy, string, string]>([
    // It finds no files under /ww at all.
    ['has no right', {}, 'errno 44', ''],
    ['has another right', { call: 'owner' }, 'errno 2', '(policy.spawn)'],
  ])('is refused if it %s', async (_, policy, code, words) => {
    const { orderBy, spawnAsker, entry, made } = await makeTab()
    const pid = await spawnAsker(policy)
    for (const method of ['spawn', 'list', 'kill', 'restore', 'policy']) {
      const refused = await orderBy(pid, method, { pid, policy: { spawn: true } }, trouble)
      expect.soft(refused.code).toBe(code)
      expect.soft(refused.message).toContain(words)
    }
    expect(made()).toEqual([entry(pid)])
  })

  test.each([5, [], null, 'x'])('makes none with the policy %j', async (policy) => {
    const { orderBy, spawnAsker, made } = await makeTab()
    const parent = await spawnAsker({ spawn: true })
    const refused = await orderBy(parent, 'spawn', { policy }, trouble)
    expect(refused.message).toContain('policy: give an object')
    expect(made()).toHaveLength(1)
  })

  test('makes none with more than it has itself', async () => {
    const { orderBy, spawnAsker, table, entry, made } = await makeTab()
    const parent = await spawnAsker({
      spawn: true,
      callers: [OTHER],
      call: 'caller',
      callTo: ['/ww/0.1.0/self/root/*'],
      maxMemoryBytes: 100 * KiB64,
      maxDataBytes: 1000,
      deadlineMs: 20_000,
    })
    for (const policy of [
      { callers: 'anyone' },
      { callers: [OTHER, SELF] },
      { methods: { count: { callers: 'anyone' } } },
      { call: 'owner' },
      { callTo: 'any' },
      { callTo: ['/ww/0.1.0/*/*/*'] },
      { listed: true },
      { shareModule: true },
      { trace: false },
      { stderr: 'anyone' },
      { maxMemoryBytes: 101 * KiB64 },
      { maxDataBytes: 1001 },
      { deadlineMs: 20_001 },
      { maxChildren: 17 },
      { maxReplyBytes: 2 ** 50 },
    ]) {
      const refused = await orderBy(parent, 'spawn', { policy }, trouble)
      const field = Object.keys(policy)[0] ?? ''
      expect.soft(refused.code).toBe('errno 2')
      expect.soft(refused.message).toContain(`which has less of: policy.${field}. ERR_DENIED`)
    }
    expect(made()).toHaveLength(1)
    const policy = { callTo: ['/ww/0.1.0/self/root/echo'], call: 'caller', methods: { count: { callers: 'browser' } } }
    const { head } = await orderBy(parent, 'spawn', { policy }, trouble)
    const child = entry(String(head['pid']))
    // What it did not ask for is the default, or less.
    expect(child.record.policy).toMatchObject({
      ...policy,
      callers: [OTHER],
      maxMemoryBytes: 100 * KiB64,
      spawn: false,
    })
    // Nor later, neither for itself nor by its owner, unless the parent gets more.
    const raised = { pid: child.record.pid, policy: { call: 'owner' } }
    expect((await orderBy(parent, 'policy', raised)).message).toContain('policy.call. ERR_DENIED')
    await expect(table.setPolicy(child.record.pid, { call: 'owner' })).rejects.toMatchObject({ code: 'ERR_DENIED' })
    expect((await orderBy(parent, 'policy', { pid: parent, policy: { call: 'owner' } })).code).toBe('errno 2')
    // What the parent loses, they lose.
    await table.setPolicy(parent, { call: 'off', callers: 'browser', maxDataBytes: 10 })
    expect(child.record.policy).toMatchObject({ call: 'off', callers: 'browser', maxDataBytes: 10 })
  })

  test('has a quota, to which the processes count that its children make', async () => {
    const { orderBy, spawnAsker, made } = await makeTab()
    const parent = await spawnAsker({ spawn: true, maxChildren: 3 })
    const head = { policy: { spawn: true, maxMemoryBytes: 2 ** 24 } }
    const child = (await orderBy(parent, 'spawn', head, asker)).head['pid']
    const grandchild = (await orderBy(child, 'spawn', head, asker)).head['pid']
    expect(await orderBy(grandchild, 'spawn', head, asker)).toMatchObject({
      head: { methods: expect.arrayContaining(['ask']) as unknown },
    })
    for (const pid of [parent, child, grandchild]) {
      const refused = await orderBy(pid, 'spawn', head, asker)
      expect(refused).toMatchObject({ code: 'errno 2', message: expect.stringContaining('may have 3') as unknown })
    }
    expect((await orderBy(grandchild, 'kill', { pid: child })).code).toBe('errno 2')
    expect((await orderBy(parent, 'kill', { pid: grandchild })).head).toHaveProperty('name')
    // The one that the killed one had made is gone too.
    expect(made().map(({ record }) => record.pid)).toEqual([parent, child])
    expect((await orderBy(parent, 'spawn', head, asker)).head).toHaveProperty('pid')
  })

  test('has a quota of memory, also if it opens several files at once', async () => {
    const { orderBy, spawnAsker, table, made } = await makeTab()
    const parent = await spawnAsker({ spawn: true, maxChildrenBytes: 5 * 2 ** 24 })
    const head = { policy: { maxMemoryBytes: 2 ** 25 } }
    const answers = await Promise.all([1, 2, 3].map(() => orderBy(parent, 'spawn', head, trouble)))
    expect(answers.filter(({ code }) => code === 'errno 2')).toHaveLength(1)
    expect(made()).toHaveLength(3)
    expect(answers.map(({ message }) => message).join()).toContain('policy.maxChildrenBytes')
    const [child] = table.entries.filter(({ record }) => record.parent === parent)
    const more = { pid: child?.record.pid, policy: { maxMemoryBytes: 2 ** 26 } }
    expect((await orderBy(parent, 'policy', more)).message).toContain('policy.maxChildrenBytes')
  })

  test('is refused a message that is none, or larger than it takes itself', async () => {
    const { orderBy, spawnAsker, send, entry, made } = await makeTab()
    const parent = await spawnAsker({ spawn: true, maxMessageBytes: 2 ** 20 })
    for (const [message, words] of [
      ['nonsense\n', 'not JSON'],
      ['[]\n', 'not an object'],
      ['{"quantum":1}\n', 'no such option'],
      ['{"link":"x"}\n', 'link: give true or false'],
      ['{"watch":"nothing"}\n', 'no method “nothing”'],
      ['{"watch":7}\n', 'watch: give the name'],
    ] as const) {
      const answer = await send(parent, 'ask', bytes(`ww/0.1.0/self/sys/spawn\n${message}`))
      expect.soft(answer.message).toMatch(/^errno \d+$/)
      expect.soft(entry(parent).log.lines.at(-1)?.text).toContain(words)
    }
    expect((await orderBy(parent, 'kill', {})).message).toContain('give the PID')
    expect((await send(parent, 'pour', bytes('ww/0.1.0/self/sys/spawn'))).message).not.toBe('0')
    expect(entry(parent).log.lines.at(-1)?.text).toContain('more than 1048576 bytes. ERR_MESSAGE_TOO_LARGE')
    expect(made()).toHaveLength(1)
  })

  test('cannot do so for another peer, unless it calls as its owner', async () => {
    const { orderBy, spawnAsker, table } = await makeTab()
    const parent = await spawnAsker({ spawn: true })
    const refused = await orderBy(parent, 'spawn', {}, trouble, { caller: OTHER })
    expect(refused).toMatchObject({ code: 'errno 2', message: expect.stringContaining(`for ${OTHER}`) as unknown })
    await table.setPolicy(parent, { call: 'owner' })
    expect((await orderBy(parent, 'spawn', {}, trouble, { caller: OTHER })).head).toHaveProperty('pid')
  })

  test('leaves none behind if it ends, or is killed, while it makes one', async () => {
    const { orderBy, spawnAsker, table, made, send } = await makeTab()
    const parent = await spawnAsker({ spawn: true })
    const calls = [orderBy(parent, 'spawn', {}, trouble), orderBy(parent, 'spawn', {}, asker)]
    const order = concat([bytes('ww/0.1.0/self/sys/spawn\n'), line({}), trouble])
    const stopper = new AbortController()
    const stream = send(parent, 'ask', order, { signal: stopper.signal } as Partial<StreamInit>)
    await expect.poll(() => made().length).toBeGreaterThan(1)
    const killed = await table.kill(parent)
    await Promise.all([...calls, stream])
    await expect.poll(() => made()).toEqual([])
    // An undo brings its family back.
    await table.undoKill(killed)
    const [first, ...children] = made()
    expect(first?.record.pid).toBe(parent)
    for (const { record } of children) expect(record).toMatchObject({ parent, links: [parent] })
    expect(children.length).toBe(killed.children.length)
  })

  test('ends its children when it ends badly, but for those that it is not linked to', async () => {
    const { orderBy, spawnAsker, call, entry } = await makeTab()
    const parent = await spawnAsker({ spawn: true })
    const tied = String((await orderBy(parent, 'spawn', { name: 'tied' }, trouble)).head['pid'])
    const free = String((await orderBy(parent, 'spawn', { name: 'free', link: false }, trouble)).head['pid'])
    for (const pid of [tied, free]) expect([await call(pid, 'count'), await call(pid, 'count')]).toEqual(['1', '2'])
    expect(await call(parent, 'ask_and_trap', 'ww/0.1.0/self/root/none\n')).toBe('ERR_TRAPPED')
    expect([await call(tied, 'count'), await call(free, 'count')]).toEqual(['1', '3'])
    expect(entry(tied).record.exits).toMatchObject([{ reason: { type: 'linked', pid: parent } }])
    // And it ends with a child that it does not watch.
    await call(parent, 'told')
    expect(await call(tied, 'trap')).toBe('ERR_TRAPPED')
    expect(entry(parent).record.exits?.at(-1)).toMatchObject({ reason: { type: 'linked', pid: tied } })
  })

  test('can be waited for by the system process while it sends it a message', async () => {
    const { order, orderBy, spawnAsker, made } = await makeTab()
    const parent = await spawnAsker({ spawn: true })
    const child = (await orderBy(parent, 'spawn', { policy: { spawn: true } }, asker)).head['pid']
    // The snapshot waits for the message of the child, which waits for the system process.
    const [list, snapshot] = await Promise.all([
      orderBy(child, 'list', {}),
      order('snapshot', { pid: child }),
      orderBy(child, 'list', {}),
    ])
    expect(list.head).toEqual({ processes: [], methods: SYS_METHODS })
    expect(snapshot.head).toHaveProperty('bytes')
    expect(made()).toHaveLength(2)
  })

  test('has its family after a reload', async () => {
    const { store, orderBy, spawnAsker, table } = await makeTab()
    const parent = await spawnAsker({ spawn: true, maxChildren: 1 })
    const child = (await orderBy(parent, 'spawn', {}, trouble)).head['pid']
    await table.stop()
    await store.settled()
    const again = await makeTab(store)
    expect(again.made()).toHaveLength(2)
    expect((await again.orderBy(parent, 'list', {})).head['processes']).toMatchObject([{ pid: child, parent }])
    expect((await again.orderBy(parent, 'spawn', {}, trouble)).message).toContain('may have 1')
  })
})
