import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { expect, type Page } from '@playwright/test'
import { test } from './mesh.ts'
import { joined } from './mesh.ts'
import { finished, serve } from './server.ts'
import { addressOf, call, inState, peerIdOf, spawn } from './tab.ts'

// Calls as curl sends them: a person without a browser uses the gateway of a server.

const NOBODY = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const NO_PID = '1'.repeat(20)

/** A call through the gateway whose message is still being written. */
function open(url: string, path: string): ClientRequest {
  return request(new URL(path, url), { method: 'POST' })
}

async function headOf(sent: ClientRequest): Promise<IncomingMessage> {
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  return reply
}

async function bodyOf(reply: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of reply.setEncoding('utf8')) text += String(chunk)
  return text
}

/** A whole call. */
async function post(url: string, path: string, body = '', method = 'POST') {
  const reply = await fetch(new URL(path, url), { method, ...(method === 'POST' && { body }) })
  return { status: reply.status, headers: Object.fromEntries(reply.headers), text: await reply.text() }
}

test.beforeEach(async ({ tab }) => joined(tab))

test('curl calls the process in a tab', async ({ tab, server }) => {
  expect(await post(server.url, await addressOf(tab, 'echo'), 'hello')).toMatchObject({ status: 200, text: 'hello' })
  const pid = await spawn(tab, 'trouble')
  const long = 'x'.repeat(3_000_000)
  expect(await post(server.url, await addressOf(tab, 'slurp', pid), long)).toMatchObject({
    status: 200,
    text: '3000000',
  })
})

test('curl and the process in a tab write by turns, in one call', async ({ tab, server }) => {
  const sent = open(server.url, await addressOf(tab, 'echo'))
  sent.write('one')
  const reply = await headOf(sent)
  expect(reply.statusCode).toBe(200)
  for (const text of ['one', 'two', 'three']) {
    if (text !== 'one') sent.write(text)
    const [chunk] = (await once(reply, 'data')) as [Buffer]
    expect(chunk.toString()).toBe(text)
  }
  sent.end()
  await once(reply, 'end')
})

test('“glia call” and the process in a tab write by turns, in one call', async ({ tab, server }) => {
  const program = serve(['call', await addressOf(tab, 'echo')], { GLIA_GATEWAY: server.url })
  for (const text of ['one', 'two', 'three']) {
    program.stdin?.write(text)
    const [chunk] = (await once(program.stdout ?? program, 'data')) as [Buffer]
    expect(chunk.toString()).toBe(text)
  }
  program.stdin?.end()
  expect(await finished(program)).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('“glia call” exits as the process in a tab does', async ({ tab, server }) => {
  const pid = await spawn(tab, 'trouble')
  const program = serve(['call', await addressOf(tab, 'trap', pid)], { GLIA_GATEWAY: server.url })
  program.stdin?.end()
  expect(await finished(program)).toEqual({ code: 134, stdout: '', stderr: expect.stringMatching(/^ERR_TRAPPED: /) })
})

test('curl is told what is wrong with a call', async ({ tab, server }) => {
  const pid = await spawn(tab, 'trouble')
  const refused = async (path: string, method?: string) => {
    const { status, headers, text } = await post(server.url, path, '', method)
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json' })
    return { status, allow: headers['allow'], ...(JSON.parse(text) as { code: string; message: string }) }
  }
  expect(await refused(await addressOf(tab, 'nothing', pid))).toMatchObject({ status: 404, code: 'ERR_NO_METHOD' })
  expect(await refused(await addressOf(tab, 'echo', NO_PID))).toMatchObject({ status: 404, code: 'ERR_NO_PROC' })
  expect(await refused(await addressOf(tab, 'trap', pid))).toMatchObject({ status: 500, code: 'ERR_TRAPPED' })
  expect(await refused('/ww/0.1.0/12D3KooWnobody/root/echo')).toMatchObject({ status: 400, code: 'ERR_BAD_ADDRESS' })
  expect(await refused(await addressOf(tab, 'echo'), 'PUT')).toMatchObject({
    status: 405,
    code: 'ERR_BAD_VERB',
    allow: 'POST',
  })
  const unreachable = await refused(`/ww/0.1.0/${NOBODY}/${NO_PID}/echo`)
  expect(unreachable).toMatchObject({ status: 502, code: 'ERR_UNREACHABLE' })
  expect(unreachable.message).toContain(`${NOBODY} could not be reached`)
})

/** Makes a process in the tab begin a reply to a message that has not ended. */
async function begun(tab: Page, url: string, method: string, pid: string) {
  const sent = open(url, await addressOf(tab, method, pid))
  sent.on('error', () => undefined) // the connection breaks: that is the test
  sent.write('x'.repeat(1000))
  const reply = await headOf(sent)
  await once(reply, 'readable')
  return { sent, reply }
}

for (const [what, method, guest] of [
  ['waits', 'prompt', 'duplex'],
  ['is written', 'drip', 'trouble'],
] as const) {
  test(`a tab that is closed while a reply ${what} breaks it, and nobody takes a part for the whole`, async ({
    tab,
    server,
  }) => {
    const { reply } = await begun(tab, server.url, method, await spawn(tab, guest))
    expect(reply.statusCode).toBe(200)
    const body = bodyOf(reply)
    body.catch(() => undefined) // looked at below
    await tab.close()
    await expect(body).rejects.toThrow('aborted')
  })
}

test('a trap after the head of a reply breaks it', async ({ tab, server }) => {
  const sent = open(server.url, await addressOf(tab, 'turn_trap', await spawn(tab, 'trouble')))
  sent.on('error', () => undefined)
  sent.flushHeaders()
  // The tab gives the process a message that has begun.
  sent.write('x')
  const reply = await headOf(sent)
  // The head goes out with the first bytes, unless the trap is known by then.
  if (reply.statusCode === 200) await expect(bodyOf(reply)).rejects.toThrow('aborted')
  else expect(JSON.parse(await bodyOf(reply))).toMatchObject({ code: 'ERR_TRAPPED' })
})

test('a curl that is stopped in the middle of its message is an error to the process', async ({ tab, server }) => {
  const pid = await spawn(tab, 'notes')
  const { sent } = await begun(tab, server.url, 'go_take', pid)
  await inState(tab, pid, 'busy')
  sent.destroy()
  await inState(tab, pid, 'idle')
  expect((await call(tab, await addressOf(tab, 'taken', pid))).text).toMatch(/^broken /)
})

test('a curl that is stopped in the middle of its reply frees the process', async ({ tab, server }) => {
  const pid = await spawn(tab, 'trouble')
  const { sent } = await begun(tab, server.url, 'flood', pid)
  await inState(tab, pid, 'busy')
  sent.destroy()
  await inState(tab, pid, 'idle')
  expect(await call(tab, await addressOf(tab, 'count', pid))).toEqual({ text: '1' })
})

test('“glia call” tells which process failed behind the one that it called, and the stderr that it may see', async ({
  tab,
  server,
}) => {
  const ask = async (address: string, message: string): Promise<{ code: number | null; stderr: string }> => {
    const program = serve(['call', address], { GLIA_GATEWAY: server.url })
    program.stdin?.end(message)
    return finished(program)
  }
  const peer = await peerIdOf(tab)
  const hidden = await addressOf(tab, 'give_up', await spawn(tab, 'trouble'))
  const shown = await addressOf(tab, 'give_up', await spawn(tab, 'trouble', { policy: { stderr: 'anyone' } }))
  const asker = await addressOf(tab, 'insist', await spawn(tab, 'ask', { policy: { call: 'owner', stderr: 'anyone' } }))
  expect(await ask(hidden, '')).toMatchObject({ code: 134, stderr: expect.stringMatching(/^ERR_TRAPPED: /) })
  expect(await ask(shown, '')).toMatchObject({
    code: 134,
    stderr: expect.stringMatching(/^looked everywhere\n\[31mnothing found\nERR_TRAPPED: /),
  })
  for (const behind of [hidden, shown]) {
    const { code, stderr } = await ask(asker, `${behind.slice(1)}\n`)
    expect(code).toBe(29)
    expect(stderr).toBe(
      `ERR_FAILED: insist returned 29. Before that, a call of it failed with ERR_TRAPPED at ${peer}.\n`,
    )
  }
})
