// Programs that take everything they can get. The tab survives, and answers.
import { expect } from '@playwright/test'
import { growing, refused, writer } from './guests/hostile.ts'
import { call, local, openTab, spawnBytes, test, trySpawn } from './tab.ts'

test('what could take all memory of the tab is refused in a sentence, and the tab goes on', async ({ tab }) => {
  for (const { bytes, names } of Object.values(refused)) {
    const refusal = await trySpawn(tab, bytes)
    expect(refusal.code).toBe('ERR_BAD_MODULE')
    expect(refusal.message).toMatch(names)
  }
  expect(await call(tab, '/ww/0.1.0/self/root/echo', 'there')).toEqual({ text: 'there' })
})

test('a module that has its tables grow for ever gets no more than its share', async ({ tab }) => {
  const pid = await spawnBytes(tab, growing, { policy: { deadlineMs: 1000 } })
  expect(await call(tab, local(pid, 'run'))).toMatchObject({ code: 'ERR_DEADLINE' })
  expect(await call(tab, '/ww/0.1.0/self/root/echo', 'there')).toEqual({ text: 'there' })
})

for (const tier of ['jspi', 'buffered']) {
  test(`a guest that fills its reply or its log byte by byte is stopped at its deadline without rings too (${tier})`, async ({
    page,
    server,
  }) => {
    const tab = await openTab(page, `${server.url}?io=${tier}`)
    for (const fd of [1, 2]) {
      const pid = await spawnBytes(tab, writer(fd), { policy: { deadlineMs: 1000 } })
      expect(await call(tab, local(pid, 'run'))).toMatchObject({ code: 'ERR_DEADLINE' })
    }
    expect(await call(tab, '/ww/0.1.0/self/root/echo', 'there')).toEqual({ text: 'there' })
  })
}
