import { expect, type Page } from '@playwright/test'
import { clangVersion } from '../src/build/clang.ts'
import { cGuest } from './guests/c-guest.ts'
import { connect, test as withMesh } from './mesh.ts'
import { addressOf, call, inState, local, openTab, type Outcome, peerIdOf, spawn, spawnBytes, test } from './tab.ts'

const NOBODY = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const NO_PID = '1'.repeat(20)
const ECHO = '/ww/0.1.0/self/root/echo'
const MiB = 1024 * 1024

type SpawnOptions = Parameters<typeof spawnBytes>[2]

/** Makes a process of the C guest that makes calls. @returns its PID. */
async function spawnCaller(page: Page, options: SpawnOptions = {}): Promise<string> {
  const policy = { call: true, ...options.policy }
  return spawnBytes(page, await cGuest('calls'), { name: 'calls', ...options, policy })
}

/** Makes a process of a bundled actor. @returns its PID. */
async function spawnBundled(page: Page, name: string, options: SpawnOptions = {}): Promise<string> {
  return page.evaluate(
    async ([file, given]) => glia.spawn(await (await fetch(`actors/${file}.wasm`)).arrayBuffer(), given),
    [name, { name, ...options }] as const,
  )
}

/** Makes the guest do something with a path. */
function tell(page: Page, pid: string, method: string, path: string, message = ''): Promise<Outcome> {
  return call(page, local(pid, method), `${path}\n${message}`)
}

test.beforeEach(async () => {
  test.skip((await clangVersion()) === undefined, 'there is no C compiler')
})

for (const io of ['rings', 'jspi'] as const) {
  test.describe(`on ${io}`, () => {
    test.beforeEach(({ page, server }) => openTab(page, `${server.url}?io=${io}`).then(() => undefined))

    test('a program writes a request into a file and reads the reply out of it', async ({ page }) => {
      const pid = await spawnCaller(page)
      for (const method of ['ask', 'ask_stdio']) {
        expect(await tell(page, pid, method, ECHO, 'hello\nthere\n'), method).toEqual({ text: 'hello\nthere\n' })
      }
      expect(await tell(page, pid, 'ask', ECHO)).toEqual({ text: '' })
      const peerId = await peerIdOf(page)
      expect(await tell(page, pid, 'ask', `/ww/0.1.0/${peerId}/root/echo`, 'hello')).toEqual({ text: 'hello' })
      // A shutdown ends the request too.
      expect(await tell(page, pid, 'shut', ECHO, 'hello')).toEqual({
        text: 'write after shutdown: EPIPE\nlseek: ESPIPE\nhello',
      })
    })

    test('several MiB go there before the first of them is read', async ({ page }) => {
      const pid = await spawnCaller(page)
      const same = await page.evaluate(
        async ([address, path, bytes]) => {
          const message = tools.pattern(bytes)
          const head = new TextEncoder().encode(`${path}\n`)
          const whole = new Uint8Array(head.length + bytes)
          whole.set(head)
          whole.set(message, head.length)
          const reply = await glia.call(address, whole)
          return reply.length === bytes && tools.isPattern(reply)
        },
        [local(pid, 'ask'), ECHO, 5 * MiB] as const,
      )
      expect(same).toBe(true)
    })

    test('a file that is only written to is a message, whole when it is closed', async ({ page }) => {
      const pid = await spawnCaller(page)
      const trouble = await spawn(page, 'trouble')
      expect(await tell(page, pid, 'tell', local(trouble, 'slurp'), 'hello')).toEqual({ text: 'close: ok\n' })
      expect(await tell(page, pid, 'tell', local(trouble, 'turn_trap'), 'hello')).toEqual({ text: 'close: EIO\n' })
    })

    test('closing a file cancels what is left of its call', async ({ page }) => {
      const pid = await spawnCaller(page)
      const trouble = await spawn(page, 'trouble')
      // It writes until nobody reads.
      expect(await tell(page, pid, 'peek', local(trouble, 'flood'))).toEqual({ text: 'close: ok\n' })
      // It reads towards an end that does not come.
      expect(await tell(page, pid, 'drop', local(trouble, 'slurp'), 'hello')).toEqual({ text: 'close: ok\n' })
      expect(await call(page, local(trouble, 'slurp'), 'hello')).toEqual({ text: '5' })
    })

    test('calls end with the message that they were made for', async ({ page }) => {
      const pid = await spawnCaller(page, { policy: { maxCalls: 1 } })
      const trouble = await spawn(page, 'trouble')
      expect(await tell(page, pid, 'keep', local(trouble, 'slurp'))).toEqual({ text: 'open: ok\n' })
      expect(await call(page, local(trouble, 'slurp'), 'hello')).toEqual({ text: '5' })
      expect(await tell(page, pid, 'ask', ECHO, 'another')).toEqual({ text: 'another' })
      expect(await call(page, local(pid, 'kept_read'))).toEqual({
        text: 'read: ECANCELED\nwrite: ECANCELED\nclose: ok\n',
      })
    })

    test('directories list who can be called', async ({ page }) => {
      const pid = await spawnCaller(page)
      const trouble = await spawn(page, 'duplex')
      const root = await page.evaluate(() => glia.procs()[0]?.pid)
      const dots = 'directory .\ndirectory ..\n'
      expect((await tell(page, pid, 'list', '/')).text).toContain('directory ww\n')
      expect(await tell(page, pid, 'list', '/ww')).toEqual({ text: `${dots}directory 0.1.0\n` })
      expect((await tell(page, pid, 'list', '/ww/0.1.0')).text).toContain(`${dots}directory self\n`)
      expect(await tell(page, pid, 'list', '/ww/0.1.0/self')).toEqual({
        text: `${dots}directory root\ndirectory ${pid}\ndirectory ${trouble}\n`,
      })
      expect(await tell(page, pid, 'list', `/ww/0.1.0/self/${root}`)).toEqual({
        text: `${dots}device echo\ndevice about\n`,
      })
      expect(await tell(page, pid, 'list', `/ww/0.1.0/${NOBODY}`)).toEqual({ text: `${dots}directory root\n` })
      expect(await tell(page, pid, 'list', `/ww/0.1.0/self/${NO_PID}`)).toEqual({ text: 'opendir: ENOENT\n' })
      expect(await tell(page, pid, 'list', ECHO)).toEqual({ text: 'opendir: ENOTDIR\n' })
      for (const [path, what] of [
        ['/ww', 'directory'],
        ['/ww/0.1.0', 'directory'],
        ['/ww/0.1.0/self', 'directory'],
        ['/ww/0.1.0/self/root', 'directory'],
        [ECHO, 'device'],
        ['/ww/0.1.0/self/root/shout', 'stat: ENOENT'],
        ['/ww/0.2.0', 'stat: ENOENT'],
      ] as const) {
        expect(await tell(page, pid, 'look', path), path).toEqual({ text: `${what}\n` })
      }
    })

    test('several calls are open at once, and poll tells which has answered', async ({ page }) => {
      const pid = await spawnCaller(page)
      const slow = await spawn(page, 'trouble')
      const held = await page.evaluateHandle((address) => glia.open(address), local(slow, 'slurp'))
      await inState(page, slow, 'busy')
      const race = await page.evaluateHandle(
        async ({ address, message }) => {
          const stream = await glia.open(address)
          await stream.write(new TextEncoder().encode(message))
          await stream.closeWrite()
          return stream
        },
        { address: local(pid, 'race'), message: `${local(slow, 'slurp')} ${ECHO}\nquick` },
      )
      const line = (): Promise<string> =>
        race.evaluate(async (stream) => {
          let text = ''
          for (let part; !text.endsWith('\n') && (part = await stream.read());) text += new TextDecoder().decode(part)
          return text
        })
      expect(await line()).toBe('1: quick\n')
      await held.evaluate((stream) => stream.closeWrite())
      expect(await line()).toBe('0: 5\n')
      expect(await line()).toBe('')
      const { text = '' } = await tell(page, pid, 'race', [local(slow, 'trap'), ECHO].join(' '), 'quick')
      expect(text.split('\n').sort()).toEqual(['', '0: EIO', '1: quick'])
    })

    test('a program that polls writes and reads in turns', async ({ page }) => {
      const pid = await spawnCaller(page)
      expect(await tell(page, pid, 'converse', ECHO, 'hello')).toEqual({
        text: 'read: EAGAIN\npoll: 0\nhello\nend: 0\n',
      })
    })

    test('errors are numbers for the program and a line for its people', async ({ page }) => {
      const pid = await spawnCaller(page, { policy: { maxCalls: 3 } })
      const trouble = await spawn(page, 'trouble', { policy: { deadlineMs: 500 } })
      expect(await tell(page, pid, 'ask', local(NO_PID, 'run'))).toEqual({ text: 'open: ENOENT\n' })
      expect(await tell(page, pid, 'ask', local('root', 'shout'))).toEqual({ text: 'open: ENOENT\n' })
      expect(await tell(page, pid, 'ask', '/ww/0.1.0/self')).toEqual({ text: 'open: EISDIR\n' })
      expect(await tell(page, pid, 'ask', local(trouble, 'trap'))).toEqual({ text: 'read: EIO\n' })
      expect(await tell(page, pid, 'ask', local(trouble, 'spin'))).toEqual({ text: 'read: ETIMEDOUT\n' })
      expect(await tell(page, pid, 'many', ECHO)).toEqual({
        text: '3 open: EMFILE\n',
      })
      await page.getByRole('table', { name: 'Processes' }).getByText('calls', { exact: true }).click()
      await expect(page.getByText(`${local(NO_PID, 'run')}: This peer has no process`)).toBeVisible()
      await expect(page.getByText('ERR_TRAPPED').first()).toBeVisible()
    })

    test('a full mailbox is EAGAIN', async ({ page }) => {
      const pid = await spawnCaller(page)
      const busy = await spawn(page, 'trouble', { policy: { mailbox: 0 } })
      expect(await tell(page, pid, 'many', local(busy, 'slurp'))).toEqual({ text: '1 open: EAGAIN\n' })
    })

    test('a deadline of its own ends what it waits for', async ({ page }) => {
      const pid = await spawnCaller(page, { policy: { deadlineMs: 500 } })
      const other = await spawnCaller(page)
      expect(await tell(page, pid, 'ask', local(other, 'doze'))).toMatchObject({ code: 'ERR_DEADLINE' })
      await inState(page, other, 'idle')
      expect(await tell(page, pid, 'ask', ECHO, 'hello')).toEqual({ text: 'hello' })
    })

    test('a call back into a process that waits for it is refused', async ({ page }) => {
      const [a, b] = [await spawnCaller(page), await spawnCaller(page)]
      expect(await tell(page, a, 'ask', local(a, 'ask'))).toEqual({ text: 'open: EDEADLK\n' })
      const chain = [local(b, 'ask'), local(a, 'ask'), ECHO, 'hello'].join('\n')
      expect(await call(page, local(a, 'ask'), chain)).toEqual({ text: 'open: EDEADLK\n' })
      // The same calls without the cycle.
      const c = await spawnCaller(page)
      expect(await call(page, local(c, 'ask'), chain)).toEqual({ text: 'hello' })
    })

    test('calls that cross end neither', async ({ page }) => {
      const [a, b] = [await spawnCaller(page), await spawnCaller(page)]
      const held = await page.evaluateHandle((address) => glia.open(address), local(b, 'ask'))
      await inState(page, b, 'busy')
      const first = tell(page, a, 'ask', local(b, 'ask'), `${ECHO}\nhello`)
      await page.waitForFunction((pid) => glia.procs().some((proc) => proc.pid === pid && proc.waiting === 1), b)
      const second = held.evaluate(
        async (stream, message) => {
          await stream.write(new TextEncoder().encode(message))
          await stream.closeWrite()
          let reply = ''
          for (let part = await stream.read(); part; part = await stream.read()) reply += new TextDecoder().decode(part)
          return reply
        },
        `${local(a, 'ask')}\n${ECHO}\nhello`,
      )
      expect(await second).toBe('open: EDEADLK\n')
      expect(await first).toEqual({ text: 'hello' })
    })

    test('a process without the capability sees no such directory', async ({ page }) => {
      const pid = await spawnCaller(page, { policy: { call: false } })
      expect(await tell(page, pid, 'ask', ECHO)).toEqual({ text: 'open: ENOENT\n' })
      expect(await tell(page, pid, 'list', '/ww')).toEqual({ text: 'opendir: ENOENT\n' })
      expect((await tell(page, pid, 'list', '/')).text).not.toContain('ww')
    })

    test('an AssemblyScript program calls by its descriptor of the root directory', async ({ page }) => {
      const pid = await spawn(page, 'ask', { policy: { call: true } })
      expect(await tell(page, pid, 'ask', ECHO.slice(1), 'hello')).toEqual({ text: 'hello' })
      expect(await tell(page, pid, 'ask', 'ww/0.1.0/self/root/shout', 'hello')).toEqual({ text: 'errno 44' })
    })

    test('relay pipes one actor’s reply into another', async ({ page }) => {
      const relay = await spawnBundled(page, 'relay', { policy: { call: true } })
      const [upper, wc] = [await spawnBundled(page, 'upper'), await spawnBundled(page, 'wc')]
      const addresses = `${local(upper, 'upper')} ${ECHO}`
      expect(await call(page, local(relay, 'relay'), `${addresses}\nhello\nthere\n`)).toEqual({
        text: 'HELLO\nTHERE\n',
      })
      const count = `${local(upper, 'upper')} ${local(wc, '_start')}\n`
      expect(await call(page, local(relay, 'relay'), count + 'two words\n'.repeat(100_000))).toEqual({
        text: '100000 200000 1000000\n',
      })
      expect(await call(page, local(relay, 'relay'), `${ECHO}\nhello`)).toMatchObject({ code: 'ERR_FAILED' })
      // No part of an earlier, longer line of addresses is left in a shorter one.
      expect(await call(page, local(relay, 'relay'), addresses.replace(/^(\S+) (\S+)$/, '$2 $1'))).toEqual({ text: '' })
      expect(await call(page, local(relay, 'relay'), ECHO)).toMatchObject({ code: 'ERR_FAILED' })
      expect(await call(page, local(relay, 'relay'), 'x'.repeat(20_000))).toMatchObject({ code: 'ERR_FAILED' })
      expect(await call(page, local(relay, 'relay'), `${ECHO} ${local(NO_PID, 'run')}\n`)).toMatchObject({
        code: 'ERR_FAILED',
      })
    })

    test('fanout asks many actors at once', async ({ page }) => {
      const fanout = await spawnBundled(page, 'fanout', { policy: { call: true } })
      const upper = await spawnBundled(page, 'upper')
      const [shout, nobody] = [local(upper, 'upper'), local(NO_PID, 'run')]
      expect(await call(page, local(fanout, 'fanout'), `${ECHO} ${shout} ${nobody}\nhello`)).toEqual({
        text: `==> ${ECHO} <==\nhello\n==> ${shout} <==\nHELLO\n==> ${nobody} <==\nfailed: No such file or directory\n`,
      })
    })
  })
}

test.describe('on buffered', () => {
  test('no call can be made, and the log says why', async ({ page, server }) => {
    await openTab(page, `${server.url}?io=buffered`)
    const pid = await spawnCaller(page)
    expect(await tell(page, pid, 'ask', ECHO)).toEqual({ text: 'open: ENOTSUP\n' })
    await page.getByRole('table', { name: 'Processes' }).getByText('calls', { exact: true }).click()
    await expect(page.getByText(`${ECHO}: This browser can neither share memory`)).toBeVisible()
  })
})

test('a program calls a process of another tab of the browser, and no cycle gets through', async ({ tab }) => {
  const other = await openTab(await tab.context().newPage(), tab.url())
  const [here, there] = [await spawnCaller(tab), await spawnCaller(other)]
  const echo = await addressOf(other, 'echo')
  expect(await tell(tab, here, 'ask', echo, 'hello')).toEqual({ text: 'hello' })
  const root = `/ww/0.1.0/${await peerIdOf(other)}/root`
  expect(await tell(tab, here, 'list', root)).toEqual({ text: 'directory .\ndirectory ..\n' })
  expect(await tell(tab, here, 'ask', `${root}/echo`, 'hello')).toEqual({ text: 'hello' })
  const [near, far] = [await addressOf(tab, 'ask', here), await addressOf(other, 'ask', there)]
  expect(await tell(tab, here, 'ask', far, `${echo}\nhello`)).toEqual({ text: 'hello' })
  expect(await tell(tab, here, 'ask', far, `${near}\n${ECHO}\nhello`)).toEqual({ text: 'open: EDEADLK\n' })
  expect(await tell(tab, here, 'ask', await addressOf(other, 'ask', NO_PID))).toEqual({ text: 'read: ENOENT\n' })
  expect((await tell(tab, here, 'list', '/ww/0.1.0')).text).toContain(`directory ${await peerIdOf(other)}\n`)
})

withMesh.describe('two people', () => {
  withMesh('have their programs call each other over the mesh', async ({ ada, bob }) => {
    withMesh.skip((await clangVersion()) === undefined, 'there is no C compiler')
    const [here, there] = [await spawnCaller(ada), await spawnCaller(bob)]
    await connect(ada, bob, 'direct')
    const bobId = await peerIdOf(bob)
    const [near, far] = [await addressOf(ada, 'ask', here), await addressOf(bob, 'ask', there)]
    expect(await tell(ada, here, 'ask', `/ww/0.1.0/${bobId}/root/echo`, 'hello')).toEqual({ text: 'hello' })
    expect(await tell(ada, here, 'ask', far, `${await addressOf(ada, 'echo')}\nand back`)).toEqual({ text: 'and back' })
    // A→B→A, with the chain on the wire.
    expect(await tell(ada, here, 'ask', far, `${near}\n${ECHO}\nhello`)).toEqual({ text: 'open: EDEADLK\n' })
    expect((await tell(ada, here, 'list', '/ww/0.1.0')).text).toContain(`directory ${bobId}\n`)
    expect(await tell(ada, here, 'ask', await addressOf(bob, 'ask', NO_PID))).toEqual({ text: 'read: ENOENT\n' })
    const closed = await spawn(bob, 'trouble', { policy: { callers: 'browser' } })
    expect(await tell(ada, here, 'ask', await addressOf(bob, 'count', closed))).toEqual({ text: 'read: EACCES\n' })
    // A deadline ends all calls that are made because of one call, however far away.
    const [brief, slow] = [await spawnCaller(ada, { policy: { deadlineMs: 2000 } }), await spawnCaller(bob)]
    const through = `${local(slow, 'doze')}\n`
    expect(await tell(ada, brief, 'ask', far, through)).toMatchObject({ code: 'ERR_DEADLINE' })
    for (const pid of [there, slow]) await inState(bob, pid, 'idle')
    expect(await tell(ada, here, 'ask', `/ww/0.1.0/${NOBODY}/root/echo`)).toEqual({ text: 'read: EHOSTUNREACH\n' })
  })
})
