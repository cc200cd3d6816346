import { expect } from '@playwright/test'
import { cGuest } from './guests/c-guest.ts'
import { call, local, openTab, spawn, spawnBytes, test } from './tab.ts'

test.beforeAll(() => cGuest('files'))

for (const io of ['rings', 'jspi', 'buffered']) {
  test.describe(`on ${io}`, () => {
    test.beforeEach(({ page, server }) => openTab(page, `${server.url}?io=${io}`).then(() => undefined))

    test('a program in C has a file system that does what its own does', async ({ page }) => {
      const pid = await spawnBytes(page, await cGuest('files'), { name: 'files' })
      const methods = ['symlinks', 'append', 'hard_links', 'renames', 'times', 'grow', 'listing', 'refusals']
      const replies = []
      for (const method of methods) replies.push([method, await call(page, local(pid, method))])
      expect(replies).toEqual(methods.map((method) => [method, { text: '' }]))
    })

    test('a program in AssemblyScript finds numbers, rights and pointers as WASI has them', async ({ page }) => {
      const pid = await spawn(page, 'files')
      for (const method of ['numbers', 'rights', 'pointers']) {
        expect(await call(page, local(pid, method))).toEqual({ text: '' })
      }
      expect(await call(page, local(pid, 'raise'))).toMatchObject({
        code: 'ERR_TRAPPED',
        message: expect.stringContaining('signal 6'),
      })
    })

    test('what a program keeps in /data outlives its instance', async ({ page }) => {
      const pid = await spawnBytes(page, await cGuest('files'), { name: 'files' })
      for (const text of ['1', '2']) expect(await call(page, local(pid, 'count'))).toEqual({ text })
      expect(await call(page, local(pid, 'crash'))).toMatchObject({ code: 'ERR_TRAPPED' })
      expect(await call(page, local(pid, 'count'))).toEqual({ text: '3' })
    })

    test('a program waits for its message and for the time at once', async ({ page }) => {
      // Where messages are held whole there is nothing to wait for.
      test.skip(io === 'buffered')
      const pid = await spawnBytes(page, await cGuest('files'), { name: 'files' })
      const heard = await page.evaluate(
        async (address) => {
          const stream = await glia.open(address)
          const decoder = new TextDecoder()
          let text = ''
          while (!text.includes('nothing yet\nnothing yet\n'))
            text += decoder.decode((await stream.read()) ?? undefined)
          await stream.write(new TextEncoder().encode('hello'))
          await stream.closeWrite()
          for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read())
            text += decoder.decode(chunk)
          return text.replaceAll('nothing yet\n', '')
        },
        local(pid, 'wait'),
      )
      expect(heard).toBe('5 bytes\n')
    })
  })
}
