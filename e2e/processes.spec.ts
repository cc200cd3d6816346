import { expect, type Page } from '@playwright/test'
import { bad, type BadName, good } from './guests/bad.ts'
import { guest } from './guests/guests.ts'
import { call, heldWorkers, local, send, spawn, spawnBytes, test, trySpawn } from './tab.ts'

/** Workers of a tab without processes of its own: root's, and the one that is kept ready for the next process. */
const WORKERS_AT_START = 2

test('a module becomes a process with its methods, callable at once', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  expect(pid).toMatch(/^[1-9A-HJ-NP-Za-km-z]{27,28}$/)
  const found = await tab.evaluate(() => glia.procs()[1])
  expect(found).toMatchObject({ pid, name: 'trouble', state: 'idle', messages: 0 })
  expect(found?.methods).toEqual(expect.arrayContaining(['count', 'spin', 'slurp']))
  expect(await call(tab, local(pid, 'slurp'), 'hello')).toEqual({ text: '5' })
})

test('a process keeps its state from message to message', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  for (const text of ['1', '2', '3']) expect(await call(tab, local(pid, 'count'))).toEqual({ text })
  expect(await tab.evaluate(() => glia.procs()[1]?.messages)).toBe(3)
})

test('a command runs afresh for each message, with its arguments', async ({ tab }) => {
  const pid = await spawn(tab, 'cmd', { args: ['--loud', 'zwei'] })
  expect(await tab.evaluate(() => glia.procs()[1]?.methods)).toEqual(['_start'])
  for (const message of ['hello', 'again']) {
    expect(await call(tab, local(pid, '_start'), message)).toEqual({
      text: `cmd --loud zwei\n${message.toUpperCase()}`,
    })
  }
  expect(await call(tab, local(pid, '_start'), 'fail')).toMatchObject({ code: 'ERR_EXITED' })
  expect((await send(tab, local(pid, '_start'), { method: 'POST', body: 'fail' })).status).toBe(500)
})

test('a process knows its name, arguments, environment and PID', async ({ tab }) => {
  const bytes = await tab.evaluate(async () => new Uint8Array(await (await fetch('/actors/root.wasm')).arrayBuffer()))
  const pid = await spawnBytes(tab, bytes, { name: 'who', args: ['-v'], env: { LANG: 'de' } })
  const about = (await call(tab, local(pid, 'about'))).text?.trimEnd().split('\n')
  const peerId = await tab.evaluate(() => glia.peerId)
  expect(about).toEqual(['arg who', 'arg -v', 'env LANG=de', `env WW_PID=${pid}`, `env WW_PEER=${peerId}`])
})

test('a file gives a process its name', async ({ tab }) => {
  const name = await tab.evaluate(
    async (bytes) => {
      await glia.spawn(new File([bytes], 'upper.wasm'))
      return glia.procs()[1]?.name
    },
    new Uint8Array(await guest('trouble')),
  )
  expect(name).toBe('upper')
})

test('a killed process is gone, its worker too, and calls that run are told', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  const running = call(tab, local(pid, 'spin'))
  await tab.waitForFunction(() => glia.procs()[1]?.state === 'busy')
  await tab.evaluate((killed) => glia.kill(killed), pid)
  expect(await running).toMatchObject({ code: 'ERR_PROC_STOPPED' })
  expect(await tab.evaluate(() => glia.procs().length)).toBe(1)
  await expect.poll(() => tab.workers().length).toBe(WORKERS_AT_START)
  expect((await send(tab, local(pid, 'count'))).status).toBe(404)
  await tab.reload()
  await tab.evaluate(() => glia.served)
  expect(await tab.evaluate(() => glia.procs().length)).toBe(1)
})

test('processes that come and go leave no worker behind, nor its memory', async ({ tab }) => {
  const bytes = new Uint8Array(good)
  // Chromium has room for about 124 wasm memories.
  for (let round = 0; round < 3; round++) {
    await tab.evaluate(async (module) => {
      const spawns = Array.from({ length: 45 }, () => glia.spawn(module))
      for (const pid of await Promise.all(spawns)) await glia.kill(pid)
    }, bytes)
  }
  // Chromium holds a Worker until its thread has ended, which takes a moment on a busy machine.
  await expect.poll(() => heldWorkers(tab)).toBeLessThanOrEqual(WORKERS_AT_START)
})

test.describe('without a service worker', () => {
  // Playwright sees no requests of a page that a service worker serves.
  test.use({ serviceWorkers: 'block' })

  test('a worker that was started ahead and did not load is let go', async ({ tab }) => {
    await tab.context().route('**/actor.js', (route) => route.abort(), { times: 1 })
    // The process takes the worker that waits for it, and the one that is started in its place does not load.
    await tab.evaluate((killed) => glia.kill(killed), await spawn(tab, 'trouble'))
    await expect.poll(() => heldWorkers(tab)).toBe(WORKERS_AT_START - 1)
    const pid = await spawn(tab, 'trouble')
    expect(await call(tab, local(pid, 'slurp'), 'hello')).toEqual({ text: '5' })
  })
})

test('root cannot be killed', async ({ tab }) => {
  const refused = await tab.evaluate(() => tools.outcome(glia.kill(glia.procs()[0]?.pid ?? '').then(() => 'killed')))
  expect(refused).toMatchObject({ code: 'ERR_DENIED' })
})

for (const [method, status, code] of [
  ['trap', 500, 'ERR_TRAPPED'],
  ['exit3', 500, 'ERR_EXITED'],
  ['fail7', 500, 'ERR_FAILED'],
] as const) {
  test(`${method} fails its own call only, with ${status} and ${code}`, async ({ tab }) => {
    const pid = await spawn(tab, 'trouble')
    const reply = await send(tab, local(pid, method))
    expect(reply.status).toBe(status)
    expect(JSON.parse(reply.text ?? '')).toMatchObject({ code })
    expect(await call(tab, local(pid, method))).toMatchObject({ code })
    expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  })
}

test('a process that leaves with code 0 has answered, and starts afresh', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  expect(await send(tab, local(pid, 'exit0'))).toMatchObject({ status: 200, text: 'bye' })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
})

test('a module that loops for ever is stopped at its deadline, and those behind it are told', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { policy: { deadlineMs: 1500 } })
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  const [spun, behind] = await tab.evaluate(
    async ([spin, count]) => {
      const spinning = tools.reply(fetch(spin, { method: 'POST' }))
      while (glia.procs().every(({ state }) => state !== 'busy')) await new Promise(requestAnimationFrame)
      const waiting = tools.outcome(glia.call(count))
      return [await spinning, await waiting] as const
    },
    [local(pid, 'spin'), local(pid, 'count')] as const,
  )
  expect(spun.status).toBe(504)
  expect(JSON.parse(spun.text ?? '')).toMatchObject({ code: 'ERR_DEADLINE' })
  // Its own wait ends at about the time when the loop is stopped. In both cases it is told that it was not run.
  expect(['ERR_PROC_STOPPED', 'ERR_DEADLINE']).toContain(behind.code)
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
})

for (const method of ['moan', 'drip'] as const) {
  test(`a guest that writes little and without end (${method}) is stopped at its deadline, and the page stays alive`, async ({
    tab,
  }) => {
    const pid = await spawn(tab, 'trouble', { policy: { deadlineMs: 1000 } })
    expect(await call(tab, local(pid, method))).toMatchObject({ code: 'ERR_DEADLINE' })
    expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
  })
}

/** PIDs in the page's database. */
function keptPids(tab: Page): Promise<IDBValidKey[]> {
  return tab.evaluate(
    () =>
      new Promise<IDBValidKey[]>((resolve, reject) => {
        const opening = indexedDB.open('glia')
        opening.onerror = () => reject(opening.error ?? new Error('no database'))
        opening.onsuccess = () => {
          const reading = opening.result.transaction('processes').objectStore('processes').getAllKeys()
          reading.onsuccess = () => {
            opening.result.close()
            resolve(reading.result)
          }
        }
      }),
  )
}

test('a temporary process that has ended does not come back after a reload', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { restart: 'temporary' })
  expect(await call(tab, local(pid, 'trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
  expect(await call(tab, local(pid, 'count'))).toMatchObject({ code: 'ERR_PROC_STOPPED' })
  // The record goes a moment after the process.
  await expect.poll(() => keptPids(tab)).not.toContain(pid)
  await tab.reload()
  await tab.evaluate(() => glia.served)
  expect(await call(tab, local(pid, 'count'))).toMatchObject({ code: 'ERR_NO_PROC' })
})

test('a full mailbox refuses with 429', async ({ tab }) => {
  const pid = await spawn(tab, 'duplex', { policy: { mailbox: 1 } })
  const refused = await tab.evaluate(
    async (address) => {
      const running = await glia.open(address)
      await running.read()
      const waiting = await glia.open(address)
      const reply = await tools.reply(fetch(address, { method: 'POST' }))
      const typed = await tools.outcome(glia.call(address))
      // The waiting message is answered in its turn.
      await running.closeWrite()
      while ((await running.read()) !== null);
      await waiting.closeWrite()
      const first = await waiting.read()
      return { reply, typed, waited: new TextDecoder().decode(first ?? undefined) }
    },
    local(pid, 'prompt'),
  )
  expect(refused.reply.status).toBe(429)
  expect(refused.typed).toMatchObject({ code: 'ERR_MAILBOX_FULL' })
  expect(refused.waited).toBe('> ')
})

test('a message over the cap is refused with 413, whether its length is known or not', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble', { policy: { maxMessageBytes: 100_000 } })
  expect(await send(tab, local(pid, 'slurp'), { method: 'POST', body: 'x'.repeat(100_000) })).toMatchObject({
    status: 200,
    text: '100000',
  })
  const tooLarge = await send(tab, local(pid, 'slurp'), { method: 'POST', body: 'x'.repeat(100_001) })
  expect(tooLarge.status).toBe(413)
  expect(JSON.parse(tooLarge.text ?? '')).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
  expect(await call(tab, local(pid, 'slurp'), 'x'.repeat(100_001))).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
  const streamed = await tab.evaluate(
    async (path) => {
      const body = new Blob([new Uint8Array(200_000)]).stream()
      const request: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
      return tools.reply(fetch(path, request))
    },
    local(pid, 'slurp'),
  )
  expect(streamed.status).toBe(413)
  expect(await call(tab, local(pid, 'count'))).toEqual({ text: '1' })
})

for (const name of Object.keys(bad) as BadName[]) {
  const { bytes, found, reason, names } = bad[name]
  test(`a module is refused because: ${reason}`, async ({ tab }) => {
    const refused = await trySpawn(tab, bytes)
    expect(refused.code).toBe(found === 'starting' ? 'ERR_START' : 'ERR_BAD_MODULE')
    expect(refused.message).toMatch(/^\S.*\.$/)
    if (names !== undefined) expect(refused.message).toContain(names)
    expect(await tab.evaluate(() => glia.procs().map((proc) => proc.name))).toEqual(['root'])
    await expect.poll(() => tab.workers().length).toBe(WORKERS_AT_START)
  })
}

for (const [what, options, names] of [
  ['an option that does not exist', { nmae: 'x' }, 'nmae'],
  ['a setting that does not exist', { policy: { deadline: 1 } }, 'deadline'],
  ['a deadline that is no number', { policy: { deadlineMs: 'soon' } }, 'deadlineMs'],
  ['arguments that are no list', { args: '-v' }, 'args'],
  ['an environment that claims a name of Glia', { env: { WW_PID: 'me' } }, 'WW_PID'],
  ['an unknown way to restart', { restart: 'always' }, 'restart'],
] as const) {
  test(`spawn refuses ${what}`, async ({ tab }) => {
    const refused = await trySpawn(tab, good, options)
    expect(refused.code).toBe('ERR_BAD_REQUEST')
    expect(refused.message).toContain(names)
    expect(await tab.evaluate(() => glia.procs().length)).toBe(1)
  })
}

test('programs that have run many times leave room for others, though the browser keeps what they ran in for a while', async ({
  tab,
}) => {
  const outcome = await tab.evaluate(
    async (bytes) => {
      const module = new Uint8Array(bytes)
      const run = (pid: string): Promise<unknown> => glia.call(`/ww/0.1.0/self/${pid}/_start`, 'x')
      const busy = await Promise.all([1, 2, 3, 4].map((i) => glia.spawn(module, { name: `busy-${i}` })))
      // Chromium has 124 memories, and collects those of a worker when the worker can get no other.
      for (let i = 0; i < 150; i++) for (const pid of busy) await run(pid)
      const others: string[] = []
      for (let i = 0; i < 40; i++) others.push(await glia.spawn(module, { name: `other-${i}` }))
      for (const pid of [...others, ...busy]) await run(pid)
      return glia.procs().flatMap(({ exits }) => exits)
    },
    [...(await guest('cmd'))],
  )
  expect(outcome).toEqual([])
})
