import { expect, type Page } from '@playwright/test'
import { connect, linkTo, test } from './mesh.ts'
import { addressOf, call, inState, type Outcome, peerIdOf, ready, send, spawn } from './tab.ts'
import { joined } from './mesh.ts'

const NOBODY = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const NO_PID = '1'.repeat(20)

const WAYS = [
  { way: 'directly', link: 'direct', webRtc: true },
  { way: 'over the relay', link: 'relayed', webRtc: false },
] as const

for (const { way, link, webRtc } of WAYS) {
  test.describe(`two people whose browsers are connected ${way}`, () => {
    test.use({ webRtc })

    test('call each other', async ({ ada, bob }) => {
      await connect(ada, bob, link)
      expect(await call(ada, await addressOf(bob, 'echo'), 'hello Bob')).toEqual({ text: 'hello Bob' })
      expect(await call(bob, await addressOf(ada, 'echo'), 'hello Ada')).toEqual({ text: 'hello Ada' })
      expect(await linkTo(ada, await peerIdOf(bob))).toBe(link)
      expect(await linkTo(bob, await peerIdOf(ada))).toBe(link)
    })

    test('have a hundred calls at once answered, each with its own reply', async ({ ada, bob }) => {
      await connect(ada, bob, link)
      const replies = await ada.evaluate(
        (address) =>
          Promise.all(Array.from({ length: 100 }, (_, i) => tools.outcome(glia.call(address, `call ${i}`)))),
        await addressOf(bob, 'echo'),
      )
      expect(replies).toEqual(Array.from({ length: 100 }, (_, i) => ({ text: `call ${i}` })))
    })

    test('stream both ways at once, and a message that ended does not end its reply', async ({ ada, bob }) => {
      const [duplex, notes] = [await spawn(bob, 'duplex'), await spawn(bob, 'notes')]
      await connect(ada, bob, link)
      const heard = await ada.evaluate(
        async (address) => {
          const stream = await glia.open(address)
          let text = ''
          const hear = async (expected: string): Promise<void> => {
            while (!text.endsWith(expected)) text += new TextDecoder().decode((await stream.read()) ?? undefined)
          }
          await stream.write(new Uint8Array(5))
          await hear('got 5\n')
          await stream.write(new Uint8Array(7))
          await hear('got 7\n')
          await stream.closeWrite()
          return { text, end: await stream.read() }
        },
        await addressOf(bob, 'prompt', duplex),
      )
      expect(heard).toEqual({ text: '> got 5\ngot 7\n', end: null })
      // This one replies half a second after the end of its message.
      expect(await call(ada, await addressOf(bob, 'nap', notes), 'good night')).toEqual({ text: '1' })
    })

    test('a process that has read enough replies while its caller still writes', async ({ ada, bob }) => {
      const pid = await spawn(bob, 'trouble')
      await connect(ada, bob, link)
      const heard = await ada.evaluate(
        async (address) => {
          const stream = await glia.open(address)
          await stream.write(new Uint8Array(3))
          const text = new TextDecoder().decode((await stream.read()) ?? undefined)
          const end = await stream.read()
          await stream.closeWrite()
          return { text, end }
        },
        await addressOf(bob, 'half', pid),
      )
      expect(heard).toEqual({ text: '3', end: null })
    })

    test('errors keep their types on the way', async ({ ada, bob }) => {
      const pid = await spawn(bob, 'trouble', { policy: { maxMessageBytes: 10 } })
      await connect(ada, bob, link)
      for (const [method, code] of [
        ['trap', 'ERR_TRAPPED'],
        ['late_trap', 'ERR_TRAPPED'],
        ['exit3', 'ERR_EXITED'],
        ['fail7', 'ERR_FAILED'],
        ['nothing', 'ERR_NO_METHOD'],
      ] as const) {
        expect(await call(ada, await addressOf(bob, method, pid)), method).toMatchObject({ code })
      }
      const tooLong = await call(ada, await addressOf(bob, 'slurp', pid), 'x'.repeat(11))
      expect(tooLong).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' })
    })

    test('a caller that gives up frees the process it called', async ({ ada, bob }) => {
      const pid = await spawn(bob, 'trouble')
      await connect(ada, bob, link)
      const drip = await addressOf(bob, 'drip', pid)
      await ada.evaluate((address) => {
        const aborter = new AbortController()
        const outcome = tools.outcome(glia.call(address, '', { signal: aborter.signal }))
        Object.assign(globalThis, { giveUp: () => (aborter.abort(), outcome) })
      }, drip)
      await inState(bob, pid, 'busy')
      const outcome = await ada.evaluate(() => (globalThis as unknown as { giveUp(): Promise<Outcome> }).giveUp())
      expect(outcome).toMatchObject({ code: 'ERR_ABORTED' })
      await inState(bob, pid, 'idle')
      expect(await call(ada, await addressOf(bob, 'count', pid))).toEqual({ text: '1' })
    })

    test('a caller that gives up in the middle of its message is an error to the process', async ({ ada, bob }) => {
      const pid = await spawn(bob, 'notes')
      await connect(ada, bob, link)
      await ada.evaluate(
        async (address) => {
          const stream = await glia.open(address)
          await stream.write(new Uint8Array(300_000))
          await stream.read()
          stream.abort(new Error('enough'))
        },
        await addressOf(bob, 'go_take', pid),
      )
      await inState(bob, pid, 'idle')
      expect((await call(ada, await addressOf(bob, 'taken', pid))).text).toMatch(/^broken \d+$/)
    })

    test('a tab that is reloaded while it is called fails the call, and answers the next', async ({ ada, bob }) => {
      const pid = await spawn(bob, 'duplex')
      await connect(ada, bob, link)
      const [prompt, echo] = [await addressOf(bob, 'prompt', pid), await addressOf(bob, 'echo')]
      await ada.evaluate(async (address) => {
        const stream = await glia.open(address)
        await stream.write(new Uint8Array(1))
        await stream.read()
        const rest = async (): Promise<string> => {
          for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read());
          return 'ended'
        }
        Object.assign(globalThis, { underWay: tools.outcome(rest()) })
      }, prompt)
      await bob.reload()
      const underWay = await ada.evaluate(() => (globalThis as unknown as { underWay: Promise<Outcome> }).underWay)
      expect(underWay.code).toMatch(/^ERR_(UNREACHABLE|RESET)$/)
      await ready(bob)
      await joined(bob)
      // The same addresses as before.
      expect(await call(ada, echo, 'still there?')).toEqual({ text: 'still there?' })
      expect(await call(ada, prompt)).toEqual({ text: '> ' })
    })
  })
}

test('a direct connection comes by itself, and calls go on while it does', async ({ ada, bob }) => {
  const calls = await ada.evaluate(
    async ([address, bobsId]) => {
      const AFTERWARDS = 50
      let answered = 0
      for (let direct = 0; direct < AFTERWARDS; answered++) {
        const reply = new TextDecoder().decode(await glia.call(address, `call ${answered}`))
        if (reply !== `call ${answered}`) throw new Error(`call ${answered} was answered with '${reply}'`)
        if (glia.peers().some(({ peerId, link }) => peerId === bobsId && link === 'direct')) direct++
      }
      return answered
    },
    [await addressOf(bob, 'echo'), await peerIdOf(bob)] as const,
  )
  expect(calls).toBeGreaterThanOrEqual(50)
  const info = await ada.evaluate((id) => glia.peers().find(({ peerId }) => peerId === id), await peerIdOf(bob))
  expect(info).toMatchObject({ link: 'direct', processes: true, relay: false })
  expect(info?.address).toContain('/webrtc')
  await expect(ada.getByRole('button', { name: 'On the mesh · 1 peer, 1 direct' })).toBeVisible()
})

function post(page: Page, path: string) {
  return send(page, path, { method: 'POST', body: 'hello' })
}

test('a page calls the process of somebody else with fetch', async ({ ada, bob }) => {
  const pid = await spawn(bob, 'trouble')
  expect(await post(ada, await addressOf(bob, 'echo'))).toMatchObject({ status: 200, text: 'hello' })
  expect(await post(ada, await addressOf(bob, 'slurp', pid))).toMatchObject({ status: 200, text: '5' })
})

test('fetch says what is wrong with a call to somebody else', async ({ ada, bob, server }) => {
  const pid = await spawn(bob, 'trouble')
  const refused = async (path: string) => {
    const { status, text = '' } = await post(ada, path)
    return { status, ...(JSON.parse(text) as { code: string; message: string }) }
  }
  expect(await refused(await addressOf(bob, 'nothing', pid))).toMatchObject({ status: 404, code: 'ERR_NO_METHOD' })
  expect(await refused(await addressOf(bob, 'echo', NO_PID))).toMatchObject({ status: 404, code: 'ERR_NO_PROC' })
  expect(await refused('/ww/0.1.0/12D3KooWnobody/root/echo')).toMatchObject({ status: 400, code: 'ERR_BAD_ADDRESS' })
  expect(await refused(await addressOf(bob, 'trap', pid))).toMatchObject({ status: 500, code: 'ERR_TRAPPED' })
  const { peer } = (await (await fetch(new URL('.well-known/glia.json', server.url))).json()) as { peer: string }
  expect(await refused(`/ww/0.1.0/${NOBODY}/${NO_PID}/echo`)).toEqual({
    status: 502,
    code: 'ERR_UNREACHABLE',
    // What was tried.
    message: expect.stringMatching(new RegExp(`^${NOBODY} could not be reached: over the relay \\S*${peer}: not there;`)) as unknown,
  })
})
