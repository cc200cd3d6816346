import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import type { SnapshotView } from '../../actors/table/snapshot-options.ts'
import type { Draft, DraftStep, TabModel } from '../model.ts'
import { ManagedPeer } from './managed-peer.ts'

const [one, other] = [newPid(), newPid()]
const told = (pid: string) => ({ pid, name: pid, state: 'idle', methods: ['run'], policy: DEFAULT_POLICY })

interface Order {
  readonly method: string
  readonly head: Record<string, unknown>
  answer(head: object): void
  fail(error: Error): void
}

/** A file that this tab has read. */
function draftOf(file: File, snapshot: SnapshotView | undefined): Draft {
  return {
    fileName: file.name,
    name: 'n',
    bytes: file.size,
    since: 0,
    step: signal<DraftStep>({ stage: 'compiling' }),
    snapshot: Promise.resolve(snapshot),
    spawn: () => Promise.reject(new Error('not here')),
    swap: () => Promise.reject(new Error('not here')),
    drop: () => undefined,
  }
}

/** A peer whose answers the test gives. */
function peer(snapshot?: SnapshotView) {
  const orders: Order[] = []
  const arrived: ((order: Order) => void)[] = []
  const callPeer: TabModel['callPeer'] = (address, message) => {
    const { promise, resolve, reject } = Promise.withResolvers<object>()
    const reply = (async function* () {
      const [line = ''] = (await new Blob([message as Blob]).text()).split('\n')
      const method = address.split('/').at(-1) ?? ''
      const order = { method, head: JSON.parse(line) as Record<string, unknown>, answer: resolve, fail: reject }
      const waiting = arrived.shift()
      if (waiting) waiting(order)
      else orders.push(order)
      yield new TextEncoder().encode(`${JSON.stringify(await promise)}\n`)
    })()
    return { reply, cancel: () => undefined }
  }
  const draft: TabModel['draft'] = (file) => draftOf(file, snapshot)
  const next = async (): Promise<Order> =>
    orders.shift() ?? new Promise<Order>((resolve) => void arrived.push((order) => resolve(order)))
  return { managed: new ManagedPeer({ callPeer, draft }, 'host'), next }
}

function pidsOf(managed: ManagedPeer): string[] | undefined {
  return managed.processes.value?.map(({ pid }) => pid)
}

test('an answer that was on its way when a process was killed does not bring it back into the list', async () => {
  const { managed, next } = peer()
  const first = managed.look()
  ;(await next()).answer({ processes: [told(one), told(other)] })
  await first
  expect(pidsOf(managed)).toEqual([one, other])
  // The peer has made this list before the kill, and it arrives after it.
  const old = managed.look()
  const oldList = await next()
  const killed = managed.kill(one)
  const kill = await next()
  expect(kill).toMatchObject({ method: 'kill', head: { pid: one } })
  kill.answer({ name: 'one', undo: 'id' })
  oldList.answer({ processes: [told(one), told(other)] })
  await Promise.all([old, killed])
  expect(pidsOf(managed)).toEqual([other])
  ;(await next()).answer({ processes: [told(other)] })
  const { undo } = await killed
  const undone = undo?.()
  const order = await next()
  expect(order).toMatchObject({ method: 'undo', head: { undo: 'id' } })
  order.answer({})
  ;(await next()).answer({ processes: [told(one), told(other)] })
  await undone
  expect(pidsOf(managed)).toEqual([one, other])
})

test('a process that is killed while its log is asked for is no failure of the peer', async () => {
  const { managed, next } = peer()
  managed.show(one)
  ;(await next()).answer({ processes: [told(one)] })
  const alone = await next()
  expect(alone).toMatchObject({ method: 'list', head: { pid: one } })
  alone.answer({ processes: [told(one)], methods: ['undo', 'files'] })
  const log = await next()
  expect(log.method).toBe('logs')
  const looked = managed.look()
  log.fail(Object.assign(new Error(`This peer has no process ${one}.`), { code: 'ERR_NO_PROC' }))
  ;(await next()).answer({ processes: [] })
  ;(await next()).answer({ processes: [] })
  await looked
  expect(managed.error.value).toBe(undefined)
  expect(managed.refused.value).toBe(undefined)
  expect(managed.found.value).toEqual({ pid: one, process: undefined })
})

test('what a peer cannot do is not offered, and an older peer does not say what it can', async () => {
  const { managed, next } = peer()
  const looked = managed.look()
  ;(await next()).answer({ processes: [told(one)] })
  await looked
  expect([managed.undoesKills, managed.files, managed.moduleOf]).toEqual([false, undefined, undefined])
  const again = managed.look()
  ;(await next()).answer({ processes: [told(one)], methods: ['undo', 'files', 'module'] })
  await again
  expect(managed.undoesKills).toBe(true)
  expect(managed.files).toBeDefined()
  expect(managed.moduleOf).toBeDefined()
})

test.each([
  ['a module', undefined, 'spawn', { name: 'n' }],
  ['a snapshot', { hasKeys: false }, 'restore', { name: 'n' }],
  ['a snapshot with keys', { hasKeys: true }, 'restore', { name: 'n', key: true, policy: { memory: 'durable' } }],
])('of %s the peer makes a process', async (_what, snapshot, method, head) => {
  const { managed, next } = peer(snapshot)
  const made = managed.draft(new File(['x'], 'n')).spawn({ name: 'n' }, new AbortController().signal)
  const order = await next()
  expect(order).toMatchObject({ method, head })
  order.answer({ pid: one })
  ;(await next()).answer({ processes: [told(one)] })
  expect(await made).toBe(one)
})
