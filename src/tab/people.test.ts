import { afterEach, expect, test } from 'vitest'
import { SILENT } from '../glia/log.ts'
import { OTHER, SELF } from '../glia/test-peer.ts'
import { People } from './people.ts'

const stopped = new AbortController()
afterEach(() => stopped.abort())

function people(): People {
  return new People({ storage: 'test', store: undefined, log: SILENT, alive: stopped.signal })
}

test('names are cleaned and bounded, and an empty text takes them away', async () => {
  const all = people()
  await all.setOwnName(`\u202E${'Ada '.repeat(5000)}`)
  expect(all.view.value.ownName).toBe('Ada '.repeat(10).trim())
  await all.setName(SELF, ' “Bob”\n')
  await all.setName(OTHER, 'Carol')
  expect(all.view.value.names).toEqual({ [SELF]: 'Bob', [OTHER]: 'Carol' })
  await all.setName(SELF, '\u200B')
  expect(all.view.value.names).toEqual({ [OTHER]: 'Carol' })
})

test('what is no peer id is neither named nor blocked', async () => {
  const all = people()
  for (const bad of ['', '__proto__', 'constructor', '12D3', 'x'.repeat(10_000)]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(all.setName(bad, 'Ada')).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
    // oxlint-disable-next-line no-await-in-loop
    await expect(all.setBlocked(bad, true)).rejects.toMatchObject({ code: 'ERR_BAD_ADDRESS' })
    expect(all.isBlocked(bad)).toBe(false)
  }
})

test('blocking counts at once, is told, and can be undone', async () => {
  const all = people()
  let told = 0
  all.changed = () => (told += 1)
  await all.setBlocked(SELF, true)
  expect([all.isBlocked(SELF), all.isBlocked(OTHER), told]).toEqual([true, false, 1])
  await all.setBlocked(SELF, false)
  expect([all.isBlocked(SELF), told]).toEqual([false, 2])
})
