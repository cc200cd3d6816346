import { expect, type Page } from '@playwright/test'
import type { ProcessInfo } from '../src/tab/scripting.ts'
import { bad, good } from './guests/bad.ts'
import { guest } from './guests/guests.ts'
import { call, inState, local, ready, send, spawn, spawnBytes, test } from './tab.ts'

const PAGE_BYTES = 65_536

/** What the tab says of a process. */
async function infoOf(tab: Page, pid: string): Promise<ProcessInfo> {
  const found = await tab.evaluate((wanted) => glia.procs().find((proc) => proc.pid === wanted), pid)
  if (!found) throw new Error(`there is no process ${pid}`)
  return found
}

/** Makes a process run another module. */
async function swap(tab: Page, pid: string, bytes: Uint8Array): Promise<{ code?: string; text?: string }> {
  return tab.evaluate(([swapped, module]) => tools.outcome(glia.swap(swapped, module).then(() => 'swapped')), [
    pid,
    bytes,
  ] as const)
}

/** What the diary has noted. */
async function noted(tab: Page, diary: string): Promise<string> {
  return (await call(tab, local(diary, 'recall'))).text ?? ''
}

/** The module with an added section that changes nothing but its CID. */
function altered(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...bytes, 0, 2, 1, 0x78])
}

/** Reloads once what is to be kept is kept. */
async function reloadWhen(tab: Page, pid: string, kept: (record: Record<string, unknown>) => boolean): Promise<void> {
  await expect.poll(async () => kept(await keptRecord(tab, pid))).toBe(true)
  await tab.reload()
  await ready(tab)
}

/** A process's record in the page's database. */
function keptRecord(tab: Page, pid: string): Promise<Record<string, unknown>> {
  return tab.evaluate(
    (wanted) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const opening = indexedDB.open('glia')
        opening.onerror = () => reject(opening.error ?? new Error('no database'))
        opening.onsuccess = () => {
          const reading = opening.result.transaction('processes').objectStore('processes').get(wanted)
          reading.onsuccess = () => {
            opening.result.close()
            resolve((reading.result as Record<string, unknown> | undefined) ?? {})
          }
        }
      }),
    pid,
  )
}

test('memory is capped while it grows, and a guest that cannot do without more is out of memory', async ({ tab }) => {
  const pid = await spawn(tab, 'greedy', { policy: { maxMemoryBytes: 64 * PAGE_BYTES } })
  const refused = await send(tab, local(pid, 'fill'))
  expect(refused.status).toBe(500)
  expect(JSON.parse(refused.text ?? '')).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' })
  expect(await call(tab, local(pid, 'pages'))).toEqual({ text: '64' })
  expect((await infoOf(tab, pid)).exits).toMatchObject([{ method: 'fill', final: false, reason: { type: 'memory' } }])
})

test('a trap is kept with the name of the function, across a reload too', async ({ tab }) => {
  const pid = await spawn(tab, 'greedy')
  expect(await call(tab, local(pid, 'trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
  await tab.getByRole('row', { name: 'greedy' }).click()
  await expect(tab.getByRole('log').getByText(/trapped: unreachable in greedy\//)).toBeVisible()
  await reloadWhen(tab, pid, ({ exits }) => Array.isArray(exits) && exits.length === 1)
  const { exits } = await infoOf(tab, pid)
  expect(exits).toMatchObject([{ method: 'trap', reason: { type: 'trapped', message: 'unreachable' } }])
  expect(JSON.stringify(exits)).toMatch(/in greedy\//)
})

test('a reply over the cap fails its call and not the process', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { policy: { maxReplyBytes: 100_000 } })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  expect(await call(tab, local(pid, 'flood'))).toMatchObject({ code: 'ERR_REPLY_TOO_LARGE' })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '2' })
})

test('a process that traps again and again waits before it comes back, and messages wait with it', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { restart: { intensity: 100 } })
  const waited = await tab.evaluate(
    async ([trap, count]) => {
      const outcomes = []
      // The fifth wait is of 0.5 s at least.
      for (let i = 0; i < 5; i++) outcomes.push(await tools.outcome(glia.call(trap)))
      const { state } = glia.procs()[1] ?? {}
      const answer = tools.outcome(glia.call(count))
      return { outcomes, state, waiting: glia.procs()[1]?.waiting, answer: await answer }
    },
    [local(pid, 'trap'), local(pid, 'count')] as const,
  )
  expect(waited.outcomes.every(({ code }) => code === 'ERR_TRAPPED')).toBe(true)
  expect(waited).toMatchObject({ state: 'backoff', answer: { text: '1' } })
})

test('one that ends too often is dead, stays listed with its reason, and is restarted by hand', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { restart: { type: 'transient', intensity: 1 } })
  for (let i = 0; i < 2; i++) expect(await call(tab, local(pid, 'trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
  const refused = await send(tab, local(pid, 'count'))
  expect(refused.status).toBe(503)
  expect(JSON.parse(refused.text ?? '')).toMatchObject({
    code: 'ERR_PROC_STOPPED',
    message: expect.stringMatching(/ended abnormally 2 times within 60 s.*unreachable/),
  })
  await reloadWhen(tab, pid, ({ dead }) => dead !== undefined)
  expect(await infoOf(tab, pid)).toMatchObject({ state: 'dead', death: expect.stringContaining('2 times') })
  await tab.evaluate((dead) => glia.restart(dead), pid)
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  expect((await infoOf(tab, pid)).exits.length).toBe(2)
})

test('a tab runs 100 processes; one more takes the place of one that is idle and unused, or is refused', async ({
  tab,
}) => {
  const used = await tab.evaluate(
    (bytes) => Promise.all(Array.from({ length: 100 }, () => glia.spawn(bytes))),
    new Uint8Array(good),
  )
  const stateOf = (pid: string): Promise<string> => infoOf(tab, pid).then(({ state }) => state)
  // Root has been idle for longest, and nothing was asked of it.
  expect(await tab.evaluate(() => glia.procs()[0]?.state)).toBe('cold')
  const late = await spawnBytes(tab, good)
  expect(await stateOf(late)).toBe('idle')
  await tab.evaluate(
    (pids) => Promise.all(pids.map((pid) => glia.call(`/ww/0.1.0/self/${pid}/run`))),
    [...used.slice(1), late],
  )
  const evicted = used[0] ?? ''
  expect(await stateOf(evicted)).toBe('cold')
  const refused = await send(tab, local(evicted, 'run'))
  expect(refused.status).toBe(503)
  expect(JSON.parse(refused.text ?? '')).toMatchObject({ code: 'ERR_LIVE_LIMIT' })
  await tab.evaluate((pid) => glia.kill(pid), late)
  expect(await call(tab, local(evicted, 'run'))).toEqual({ text: '' })
})

test('a process is told when one that it watches ends, also after a reload', async ({ tab }) => {
  const [diary, watched] = [await spawn(tab, 'diary'), await spawn(tab, 'trouble', { name: 'watched' })]
  const id = await tab.evaluate(([by, of]) => glia.watch(by, of, 'note'), [diary, watched] as const)
  await call(tab, local(watched, 'exit3'))
  await expect.poll(() => noted(tab, diary)).toContain('\n')
  expect(JSON.parse(await noted(tab, diary))).toEqual({
    pid: watched,
    name: 'watched',
    reason: { type: 'exited', code: 3 },
    final: false,
  })
  await reloadWhen(tab, diary, ({ watches }) => Array.isArray(watches) && watches.length === 1)
  await tab.evaluate((pid) => glia.kill(pid), watched)
  await expect.poll(() => noted(tab, diary)).toContain('"type":"killed"')
  await tab.evaluate((ended) => glia.unwatch(ended), id)
})

test('linked processes end together', async ({ tab }) => {
  const [a, b] = [await spawn(tab, 'trouble', { name: 'a' }), await spawn(tab, 'trouble', { name: 'b' })]
  await tab.evaluate((both) => glia.link(both[0], both[1]), [a, b] as const)
  expect(await call(tab, local(b, 'count'))).toEqual({ text: '1' })
  await call(tab, local(a, 'trap'))
  expect(await call(tab, local(b, 'count'))).toEqual({ text: '1' })
  expect((await infoOf(tab, b)).exits).toMatchObject([{ reason: { type: 'linked', pid: a } }])
})

test('a new version takes over under the same PID: after the message that runs, before those that wait', async ({
  tab,
}) => {
  const old = await guest('trouble')
  const pid = await spawnBytes(tab, old, { name: 'swapped', policy: { mailbox: 3 } })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  const before = await infoOf(tab, pid)
  const seen = await tab.evaluate(
    async ([address, swapped, module]) => {
      const running = tools.outcome(glia.call(`${address}/sleepy`))
      while (glia.procs()[1]?.state !== 'busy') await new Promise(requestAnimationFrame)
      const waiting = ['count', 'which', 'count'].map((method) => tools.outcome(glia.call(`${address}/${method}`)))
      await glia.swap(swapped, module)
      return { running: await running, waiting: await Promise.all(waiting) }
    },
    [`/ww/0.1.0/self/${pid}`, pid, altered(old)] as const,
  )
  expect(seen.running).toEqual({ text: 'awake' })
  expect(seen.waiting).toMatchObject([{ text: '1' }, { code: 'ERR_NO_METHOD' }, { text: '2' }])
  const after = await infoOf(tab, pid)
  expect(after).toMatchObject({ name: 'swapped', policy: before.policy, previousCid: before.cid })
  expect(after.cid).not.toBe(before.cid)
})

test('the new version is what comes back after a reload, and a swap can be undone then', async ({ tab }) => {
  const pid = await spawn(tab, 'greedy')
  expect(await swap(tab, pid, await guest('diary'))).toEqual({ text: 'swapped' })
  await tab.reload()
  await ready(tab)
  expect(await call(tab, local(pid, 'which'))).toEqual({ text: 'diary' })
  await tab.evaluate((swapped) => glia.swapBack(swapped), pid)
  expect(await call(tab, local(pid, 'which'))).toEqual({ text: 'greedy' })
  expect((await infoOf(tab, pid)).methods).toContain('fill')
})

test('a new version that does not start leaves the old one as it was, memory and all', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  expect(await swap(tab, pid, bad.initializeTraps.bytes)).toMatchObject({ code: 'ERR_START' })
  expect(await swap(tab, pid, bad.truncated.bytes)).toMatchObject({ code: 'ERR_BAD_MODULE' })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '2' })
  await inState(tab, pid, 'idle')
  // Root, this one, and the worker that is kept ready.
  await expect.poll(() => tab.workers().length).toBe(3)
})
