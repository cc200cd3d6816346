import { expect, type Page } from '@playwright/test'
import { addressOf, call, local, openTab, peerIdOf, send, spawn, test } from './tab.ts'

/** The result of a call that ends with an exit: the code, and the output before it. */
function exitOf(page: Page, address: string, body: string): Promise<unknown> {
  return page.evaluate(
    ([to, message]) =>
      glia.call(to, message).then(
        (reply) => ({ reply: new TextDecoder().decode(reply) }),
        ({ code, exitCode, reply }) => ({ code, exitCode, reply: new TextDecoder().decode(reply) }),
      ),
    [address, body] as const,
  )
}

const LONG = 'x'.repeat(1_500_000)

for (const io of ['rings', 'jspi', 'buffered']) {
  test(`a program that exits with another code than 0 has its output and its code with the error (${io})`, async ({
    page,
    server,
  }) => {
    await openTab(page, `${server.url}?io=${io}`)
    const pid = await spawn(page, 'trouble')
    for (const reply of ['', 'found it', LONG]) {
      const exit = await exitOf(page, local(pid, 'found'), reply)
      expect(exit).toEqual({ code: 'ERR_EXITED', exitCode: 10, reply })
    }
    expect(await exitOf(page, local(pid, 'fail7'), '')).toEqual({ code: 'ERR_FAILED', exitCode: 7, reply: '' })
  })
}

test('over HTTP an exit code is in the head, and no failure where the caller or the policy says so', async ({
  tab,
}) => {
  const strict = local(await spawn(tab, 'trouble'), 'found')
  const lax = local(await spawn(tab, 'trouble', { policy: { okExits: [0, 10] } }), 'found')
  const body = 'found it'
  const shown = async (path: string, message: string) => {
    const { status, headers, text } = await send(tab, path, { method: 'POST', body: message })
    return [status, headers['glia-exit-code'], status === 200 ? text : '']
  }
  expect(await shown(strict, '')).toEqual([500, '10', ''])
  expect(await shown(`${strict}?exit=ok`, body)).toEqual([200, '10', body])
  expect(await shown(lax, body)).toEqual([200, '10', body])
  expect(await exitOf(tab, lax, body)).toEqual({ reply: body })
})

test('another tab of the browser has the output and the code too', async ({ page, context, server }) => {
  await openTab(page, server.url)
  const address = await addressOf(page, 'found', await spawn(page, 'trouble'))
  const other = await openTab(await context.newPage(), server.url)
  for (const reply of ['', 'found it', LONG]) {
    expect(await exitOf(other, address, reply)).toEqual({ code: 'ERR_EXITED', exitCode: 10, reply })
  }
})

for (const io of ['rings', 'jspi']) {
  test(`a caller by file has the output too, and then an I/O error, or none where the policy accepts the code (${io})`, async ({
    page,
    server,
  }) => {
    await openTab(page, `${server.url}?io=${io}`)
    const asker = await spawn(page, 'ask', { policy: { call: 'owner' } })
    const path = async (policy: object): Promise<string> =>
      local(await spawn(page, 'trouble', { policy }), 'found').slice(1)
    const ask = async (to: string): Promise<unknown> =>
      (await call(page, local(asker, 'ask'), `${to}\nfound it, `)).text
    const EIO = 29
    expect(await ask(await path({}))).toBe(`found it, errno ${EIO}`)
    expect(await ask(await path({ okExits: [10] }))).toBe('found it, ')
    const log = await page.evaluate(
      (pid) => glia.log(pid).flatMap(({ source, text }) => (source === 'stderr' ? text : [])),
      asker,
    )
    expect(log).toEqual([expect.stringMatching(/found: .*exited with code 10.* ERR_EXITED$/)])
  })
}

test('a script reads what a process has written to stderr', async ({ tab }) => {
  const pid = await spawn(tab, 'trouble')
  await tab.evaluate((address) => glia.call(address), local(pid, 'warn'))
  const lines = await tab.evaluate(
    (of) => glia.log(of).flatMap(({ source, text }) => (source === 'stderr' ? text : [])),
    pid,
  )
  expect(lines).toEqual(['first warning', 'second warning'])
})

/** What a call fails with, all that a script sees of it. */
function failureOf(page: Page, address: string, body = ''): Promise<object> {
  return page.evaluate(
    ([to, message]) =>
      glia.call(to, message).then(
        () => ({}),
        ({ code, exitCode, peer, process, stderr, failedCall }) => ({
          code,
          exitCode,
          peer,
          process,
          stderr,
          failedCall,
        }),
      ),
    [address, body] as const,
  )
}

const GIVEN_UP = 'looked everywhere\n[31mnothing found'

for (const io of ['rings', 'jspi', 'buffered']) {
  test(`a program that traps tells its browser what it wrote before, and only of that call (${io})`, async ({
    page,
    server,
  }) => {
    await openTab(page, `${server.url}?io=${io}`)
    const pid = await spawn(page, 'trouble')
    await call(page, local(pid, 'warn'))
    const peer = await peerIdOf(page)
    const failure = await failureOf(page, local(pid, 'give_up'))
    expect(failure).toMatchObject({ code: 'ERR_TRAPPED', peer, stderr: GIVEN_UP })
    await page.getByRole('row', { name: 'trouble' }).first().click()
    await page.getByLabel('Method').selectOption('give_up')
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await expect(page.getByLabel('End of stderr')).toHaveText(GIVEN_UP)
  })
}
