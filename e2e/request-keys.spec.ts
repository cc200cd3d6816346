import { expect } from '@playwright/test'
import { storm } from './faults/storm.ts'
import { anySeed } from './random.ts'
import { call, local, openTab, peerIdOf, send, spawn, stopServiceWorker, test } from './tab.ts'

test('many equal and different requests with keys each run once and get their own reply, while the service worker is stopped', async ({
  tab,
}) => {
  test.setTimeout(180_000)
  const seed = anySeed()
  const outcome = await storm(tab, { calls: 100, keyed: true, seed })
  expect(outcome, `seed ${seed}`).toMatchObject({ ok: 100, typed: 0, broken: 0, wrong: 0, notRun: 0, double: 0 })
})

test('without keys no request gets the reply of another one, while the service worker is stopped', async ({ tab }) => {
  test.setTimeout(180_000)
  const seed = anySeed()
  const outcome = await storm(tab, { calls: 60, keyed: false, seed })
  expect(outcome, `seed ${seed}`).toMatchObject({ wrong: 0, notRun: 0 })
})

for (const [what, bytes] of [
  ['without a body', 0],
  ['with a small body', 1000],
  ['with a body that is still on its way', 3 * 1024 * 1024],
] as const) {
  test(`a request with a key ${what} runs once when the service worker is stopped during it`, async ({ tab }) => {
    const pid = await spawn(tab, 'notes')
    const init = { method: 'POST', body: 'x'.repeat(bytes), headers: { 'idempotency-key': '"nap"' } }
    const answer = send(tab, local(pid, 'nap'), init)
    await tab.waitForFunction(() => glia.procs()[1]?.state === 'busy')
    await stopServiceWorker(tab)
    expect(await answer).toMatchObject({ status: 200, text: '1' })
    expect(await call(tab, local(pid, 'napped'))).toEqual({ text: '1' })
    // The same request again has the same reply. A request with another key, or without one, is another call.
    expect(await send(tab, local(pid, 'nap'), init)).toMatchObject({ status: 200, text: '1' })
    expect(await send(tab, local(pid, 'nap'), { ...init, headers: {} })).toMatchObject({ text: '2' })
    expect(await send(tab, local(pid, 'nap'), { ...init, body: 'other' })).toMatchObject({ status: 422 })
  })
}

test('a key belongs to a page: that of another one is another call', async ({ tab }) => {
  const other = await openTab(await tab.context().newPage(), tab.url())
  const pid = await spawn(tab, 'trouble')
  const address = `/ww/0.1.0/${await peerIdOf(tab)}/${pid}/count`
  const init = { method: 'POST', headers: { 'idempotency-key': 'same' } }
  expect((await send(tab, address, init)).text).toBe('1')
  expect((await send(other, address, init)).text).toBe('2')
  expect((await send(tab, address, init)).text).toBe('1')
  const viaGlia = await tab.evaluate(async ([to, given]) => (await glia.fetch(to, given)).text(), [
    address,
    init,
  ] as const)
  expect(viaGlia).toBe('1')
})

test('glia.fetch answers as fetch does, without a service worker too, and rejects with GliaError only', async ({
  tab,
}) => {
  const pid = await spawn(tab, 'notes')
  await tab.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.unregister())
  const outcome = await tab.evaluate(
    async ([nap, take]) => {
      const text = await (await glia.fetch('/ww/0.1.0/self/root/echo', { body: 'hello' })).text()
      const { status } = await glia.fetch('/ww/0.1.0/self/root/ekko')
      const version = await (await glia.fetch('/version')).text()
      const request = new Request(new URL('/ww/0.1.0/self/root/echo', location.href), { method: 'POST', body: 'again' })
      const again = await (await glia.fetch(request)).text()
      const body = new Blob(['streamed']).stream()
      const streamed = await (await glia.fetch('/ww/0.1.0/self/root/echo', { body })).text()
      const fails = async (pending: Promise<unknown>) => {
        return pending.then(
          () => 'nothing',
          (thrown: { name: string; code: string }) => `${thrown.name} ${thrown.code}`,
        )
      }
      const aborter = new AbortController()
      const aborted = fails(glia.fetch(nap, { signal: aborter.signal }))
      while (glia.procs()[1]?.state !== 'busy') await new Promise(requestAnimationFrame)
      aborter.abort()
      const late = fails(glia.fetch(take, { signal: AbortSignal.abort() }))
      const bad = fails(glia.fetch('http://[', {}))
      const nobody = fails(glia.fetch('http://127.0.0.1:9/ww/0.1.0/self/root/echo', { body: new Blob(['x']).stream() }))
      return { text, status, version, again, streamed, errors: await Promise.all([aborted, late, bad, nobody]) }
    },
    [local(pid, 'nap'), local(pid, 'take')] as const,
  )
  expect(outcome).toEqual({
    text: 'hello',
    status: 404,
    version: 'ww/0.1.0',
    again: 'again',
    streamed: 'streamed',
    errors: [
      'GliaError ERR_ABORTED',
      'GliaError ERR_ABORTED',
      'GliaError ERR_BAD_REQUEST',
      'GliaError ERR_UNREACHABLE',
    ],
  })
})
