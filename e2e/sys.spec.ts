import { expect, type Page } from '@playwright/test'
import type { GivenPolicy } from '../src/glia/process/policy.ts'
import { guest } from './guests/guests.ts'
import { test } from './mesh.ts'
import { call, local, peerIdOf, ready, row, spawn } from './tab.ts'

interface Answer {
  head?: Record<string, unknown>
  code?: string
}

/** A message to the system process of a peer, with `glia.call` or over the HTTP API. */
async function order(
  page: Page,
  method: string,
  head: object,
  { body = new Uint8Array(), peer = 'self', over = 'page' }: { body?: Uint8Array; peer?: string; over?: string } = {},
): Promise<Answer> {
  return page.evaluate(
    async ([address, line, bytes, way]) => {
      const message = await new Blob([`${line}\n`, new Uint8Array(bytes)]).bytes()
      try {
        const reply =
          way === 'page'
            ? await glia.call(address, message)
            : new Uint8Array(await (await fetch(address, { method: 'POST', body: message })).arrayBuffer())
        const [first = ''] = new TextDecoder().decode(reply).split('\n')
        const parsed = JSON.parse(first) as Record<string, unknown>
        return typeof parsed['code'] === 'string' ? { code: parsed['code'] } : { head: parsed }
      } catch (thrown) {
        return { code: (thrown as { code: string }).code }
      }
    },
    [`/ww/0.1.0/${peer}/sys/${method}`, JSON.stringify(head), body, over] as const,
  )
}

const policyOf = (page: Page, pid: string): Promise<GivenPolicy | undefined> =>
  page.evaluate((wanted) => glia.procs().find((proc) => proc.pid === wanted)?.policy, pid)

test('a page makes and ends processes by messages to sys, over HTTP too', async ({ tab }) => {
  const body = await guest('trouble')
  for (const over of ['page', 'HTTP']) {
    const { head } = await order(tab, 'spawn', { name: `by ${over}` }, { body, over })
    const pid = String(head?.['pid'])
    expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
    await expect(row(tab, `by ${over}`)).toBeVisible()
    const listed = await order(tab, 'list', {}, { over, peer: await peerIdOf(tab) })
    expect(listed.head?.['processes']).toMatchObject([{ root: true }, { pid }])
    expect(await order(tab, 'kill', { pid }, { over })).toEqual({
      head: { name: `by ${over}`, undo: expect.any(String) as unknown, isWhole: false },
    })
  }
})

test('another person manages the processes of a tab once its person has said so', async ({ ada, bob }) => {
  const [peer, manager] = [await peerIdOf(bob), await peerIdOf(ada)]
  expect(await order(ada, 'list', {}, { peer })).toEqual({ code: 'ERR_DENIED' })
  await bob.goto(`${new URL(bob.url()).origin}/#/peers/${manager}`)
  await bob.getByLabel('It may make, change and end all processes of this browser').check()
  await expect.poll(async () => (await order(ada, 'list', {}, { peer })).head).toHaveProperty('processes')
  const { head } = await order(ada, 'spawn', { name: 'of Ada' }, { peer, body: await guest('ask') })
  const address = `/ww/0.1.0/${peer}/${String(head?.['pid'])}/told`
  expect(await call(ada, address)).toEqual({ text: '' })
  // A process of Ada's, which calls as Ada, is not Ada.
  const process = await spawn(ada, 'ask', { policy: { call: 'owner' } })
  const path = `ww/0.1.0/${peer}/sys/list\n{}`
  expect(await call(ada, local(process, 'ask'), path)).toEqual({ text: 'errno 2' })
  await bob.getByLabel('It may make, change and end all processes of this browser').uncheck()
  await expect.poll(async () => (await order(ada, 'list', {}, { peer })).code).toBe('ERR_DENIED')
})

test('a tab keeps reminders, and delivers them after a reload', async ({ tab }) => {
  const pid = await spawn(tab, 'ask', { policy: { call: 'owner' } })
  const planned = await call(tab, local(pid, 'ask'), 'ww/0.1.0/self/sys/remind\n{"method":"note","inMs":5000}\ntea')
  expect(planned.text).toContain('"id"')
  await tab.reload()
  await ready(tab)
  // It has not come before, to what was in memory then.
  expect((await call(tab, '/ww/0.1.0/self/sys/reminders', JSON.stringify({ pid }))).text).toContain('"method":"note"')
  await expect.poll(async () => (await call(tab, local(pid, 'told'))).text).toContain('"missed":0}\ntea')
})

test('the supervisor restarts its workers, and the page shows what it may do', async ({ tab }) => {
  const policy: GivenPolicy = { spawn: true }
  const supervisor = await tab.evaluate(async (given) => {
    const module = await (await fetch('actors/supervisor.wasm')).blob()
    return glia.spawn(module, { name: 'supervisor', policy: given, env: { PERIOD_SECONDS: '3600' } })
  }, policy)
  const started = await tab.evaluate(async ([address, module]) => tools.outcome(glia.call(address, module)), [
    local(supervisor, 'start'),
    await guest('trouble'),
  ] as const)
  const workers = (started.text ?? '').trim().split('\n')
  expect(workers).toHaveLength(3)
  const [first = '', second = ''] = workers
  await call(tab, local(first, 'count'))
  await call(tab, local(second, 'count'))
  expect(await call(tab, local(first, 'trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
  await expect.poll(async () => (await call(tab, local(supervisor, 'children'))).text).toContain(`${first} 1\n`)
  expect(await call(tab, local(first, 'count'))).toEqual({ text: '1' })
  expect(await call(tab, local(second, 'count'))).toEqual({ text: '2' })
  expect(await policyOf(tab, first)).toMatchObject({ spawn: false, call: 'off' })
  await tab.goto(`${new URL(tab.url()).origin}/#/p/${supervisor}/policy`)
  await expect(tab.getByText('It may make processes.')).toBeVisible()
})

test('no key is read where none is asked for', async ({ tab }) => {
  const pid = await spawn(tab, 'ask', { key: true })
  for (const key of ['a', 'b', 'c']) await call(tab, local(`${pid}:${key}`, 'told'))
  await expect.poll(() => tab.evaluate(async (id) => (await glia.keys(id)).keys.length, pid)).toBe(3)
  const read = await tab.evaluate(async (id) => {
    const { getAll } = IDBObjectStore.prototype
    let rows = 0
    IDBObjectStore.prototype.getAll = function (...given) {
      const request: IDBRequest<unknown[]> = getAll.apply(this, given)
      if (this.name === 'keys') request.addEventListener('success', () => (rows += request.result.length))
      return request
    }
    const { total, keys } = await glia.keys(id, { limit: 0 })
    IDBObjectStore.prototype.getAll = getAll
    return { total, keys, rows }
  }, pid)
  expect(read).toEqual({ total: 3, keys: [], rows: 0 })
})
