import { expect, type Page } from '@playwright/test'
import { connect, joined, linkTo, test } from './mesh.ts'
import { addressOf, call, inState, type Outcome, peerIdOf, ready, send, spawn } from './tab.ts'

const NOBODY = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const NO_PID = '1'.repeat(20)

for (const { way, link, webRtc } of [
  { way: 'directly', link: 'direct', webRtc: true },
  { way: 'over the relay', link: 'relayed', webRtc: false },
] as const) {
  test.describe(`two people whose tabs are connected ${way}`, () => {
    test.use({ webRtc })

    test('call each other, and a hundred calls at once have each their own reply', async ({ ada, bob }) => {
      await connect(ada, bob, link)
      expect(await call(bob, await addressOf(ada, 'echo'), 'hello Ada')).toEqual({ text: 'hello Ada' })
      const replies = await ada.evaluate(
        (address) => Promise.all(Array.from({ length: 100 }, (_, i) => tools.outcome(glia.call(address, `call ${i}`)))),
        await addressOf(bob, 'echo'),
      )
      expect(replies).toEqual(Array.from({ length: 100 }, (_, i) => ({ text: `call ${i}` })))
      expect(await linkTo(ada, await peerIdOf(bob))).toBe(link)
      expect(await linkTo(bob, await peerIdOf(ada))).toBe(link)
    })

    test('stream both ways at once, and either side may end before the other', async ({ ada, bob }) => {
      const [duplex, trouble] = [await spawn(bob, 'duplex'), await spawn(bob, 'trouble')]
      await connect(ada, bob, link)
      const heard = await ada.evaluate(
        async ([prompt, half, flood]) => {
          const read = async (stream: Awaited<ReturnType<typeof glia.open>>): Promise<string | null> => {
            const chunk = await stream.read()
            return chunk && new TextDecoder().decode(chunk)
          }
          const both = await glia.open(prompt)
          let text = ''
          for (const bytes of [5, 7]) {
            await both.write(new Uint8Array(bytes))
            while (!text.endsWith(`got ${bytes}\n`)) text += await read(both)
          }
          await both.closeWrite()
          const end = await read(both)
          // The reply ends first.
          const shorter = await glia.open(half)
          await shorter.write(new Uint8Array(3))
          const short = [await read(shorter), await read(shorter)]
          await shorter.closeWrite()
          // The message ends first, and the reply goes on for longer than what is under way by then.
          const longer = await glia.open(flood)
          await longer.closeWrite()
          let long = 0
          while (long < 4_000_000) long += (await longer.read())?.length ?? Number.NaN
          longer.abort(new Error('enough'))
          return { text, end, short, isLong: long >= 4_000_000 }
        },
        [
          await addressOf(bob, 'prompt', duplex),
          await addressOf(bob, 'half', trouble),
          await addressOf(bob, 'flood', trouble),
        ] as const,
      )
      expect(heard).toEqual({ text: '> got 5\ngot 7\n', end: null, short: ['3', null], isLong: true })
    })

    test('are told what went wrong in the process of the other', async ({ ada, bob }) => {
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

    test('may give a call up, which the process sees', async ({ ada, bob }) => {
      const [trouble, notes] = [await spawn(bob, 'trouble'), await spawn(bob, 'notes')]
      await connect(ada, bob, link)
      await ada.evaluate(
        (address) => {
          const aborter = new AbortController()
          const outcome = tools.outcome(glia.call(address, '', { signal: aborter.signal }))
          const giveUp = (): Promise<Outcome> => {
            aborter.abort()
            return outcome
          }
          Object.assign(globalThis, { giveUp })
        },
        await addressOf(bob, 'drip', trouble),
      )
      await inState(bob, trouble, 'busy')
      const outcome = await ada.evaluate(() => (globalThis as unknown as { giveUp(): Promise<Outcome> }).giveUp())
      expect(outcome).toMatchObject({ code: 'ERR_ABORTED' })
      await inState(bob, trouble, 'idle')
      // It was not ended for that: this is its first instance.
      expect(await call(ada, await addressOf(bob, 'count', trouble))).toEqual({ text: '1' })
      // In the middle of the message.
      await ada.evaluate(
        async (address) => {
          const stream = await glia.open(address)
          await stream.write(new Uint8Array(300_000))
          await stream.read()
          stream.abort(new Error('enough'))
        },
        await addressOf(bob, 'go_take', notes),
      )
      await inState(bob, notes, 'idle')
      expect((await call(ada, await addressOf(bob, 'taken', notes))).text).toMatch(/^broken \d+$/)
    })

    test('one reloads: the call under way fails, and the next is answered', async ({ ada, bob }) => {
      const pid = await spawn(bob, 'duplex')
      await connect(ada, bob, link)
      const prompt = await addressOf(bob, 'prompt', pid)
      await ada.evaluate(async (address) => {
        const stream = await glia.open(address)
        await stream.write(new Uint8Array(1))
        await stream.read()
        const rest = async (): Promise<string> => {
          while ((await stream.read()) !== null);
          return 'ended'
        }
        Object.assign(globalThis, { underWay: tools.outcome(rest()) })
      }, prompt)
      await bob.reload()
      const underWay = await ada.evaluate(() => (globalThis as unknown as { underWay: Promise<Outcome> }).underWay)
      expect(underWay.code).toMatch(/^ERR_(UNREACHABLE|RESET)$/)
      await ready(bob)
      await joined(bob)
      // At the addresses from before.
      const root = `/ww/0.1.0/${await peerIdOf(bob)}/root/echo`
      const [next, another] = await Promise.all([call(ada, prompt), call(ada, root, 'still there?')])
      expect(next).toEqual({ text: '> ' })
      expect(another).toEqual({ text: 'still there?' })
    })
  })
}

test('a direct connection comes by itself, and calls go on while it does', async ({ ada, bob }) => {
  const underWay = await ada.evaluateHandle(
    async (address) => {
      const stream = await glia.open(address)
      await stream.write(new Uint8Array(1))
      await stream.read()
      return stream
    },
    await addressOf(bob, 'prompt', await spawn(bob, 'duplex')),
  )
  await ada.evaluate(
    async ([address, bobsId]) => {
      const isDirect = (): boolean => glia.peers().some(({ peerId, link }) => peerId === bobsId && link === 'direct')
      const AFTERWARDS = 50
      for (let calls = 0, direct = 0; direct < AFTERWARDS; calls++) {
        const reply = new TextDecoder().decode(await glia.call(address, `call ${calls}`))
        if (reply !== `call ${calls}`) throw new Error(`call ${calls} was answered with '${reply}'`)
        if (isDirect()) direct++
      }
    },
    [await addressOf(bob, 'echo'), await peerIdOf(bob)] as const,
  )
  const info = await ada.evaluate((id) => glia.peers().find(({ peerId }) => peerId === id), await peerIdOf(bob))
  expect(info).toMatchObject({ link: 'direct', processes: true, relay: false })
  expect(info?.address).toContain('/webrtc')
  await expect(ada.getByRole('button', { name: 'On the mesh · 1 peer, 1 direct' })).toBeVisible()
  // The call that began before.
  const rest = underWay.evaluate(async (stream) => {
    await stream.closeWrite()
    while ((await stream.read()) !== null);
    return 'ended'
  })
  expect(await rest).toBe('ended')
})

function post(page: Page, path: string) {
  return send(page, path, { method: 'POST', body: 'hello' })
}

test('a page calls the process of somebody else with fetch, and is told what is wrong', async ({ ada, bob }) => {
  const pid = await spawn(bob, 'trouble')
  expect(await post(ada, await addressOf(bob, 'echo'))).toMatchObject({ status: 200, text: 'hello' })
  expect(await post(ada, await addressOf(bob, 'slurp', pid))).toMatchObject({ status: 200, text: '5' })
  const refused = async (path: string) => {
    const { status, text = '' } = await post(ada, path)
    const { code, message } = JSON.parse(text) as { code: string; message: string }
    return { status, code, message }
  }
  expect(await refused(await addressOf(bob, 'nothing', pid))).toMatchObject({ status: 404, code: 'ERR_NO_METHOD' })
  expect(await refused(await addressOf(bob, 'echo', NO_PID))).toMatchObject({ status: 404, code: 'ERR_NO_PROC' })
  expect(await refused('/ww/0.1.0/12D3KooWnobody/root/echo')).toMatchObject({ status: 400, code: 'ERR_BAD_ADDRESS' })
  expect(await refused(await addressOf(bob, 'trap', pid))).toMatchObject({ status: 500, code: 'ERR_TRAPPED' })
  const tried = new RegExp(
    String.raw`^${NOBODY} could not be reached: the relay at 127\.0\.0\.1:\d+ does not have this peer;`,
  )
  expect(await refused(`/ww/0.1.0/${NOBODY}/${NO_PID}/echo`)).toEqual({
    status: 502,
    code: 'ERR_UNREACHABLE',
    message: expect.stringMatching(tried) as unknown,
  })
})

test.describe('over the relay', () => {
  test.use({ webRtc: false })

  test('a small call takes a frame or two there and back', async ({ ada, bob }) => {
    await connect(ada, bob, 'relayed')
    const echo = await addressOf(bob, 'echo')
    const network = await ada.context().newCDPSession(ada)
    let frames = 0
    network.on('Network.webSocketFrameSent', () => (frames += 1))
    await network.send('Network.enable')
    await ada.evaluate(async (address) => {
      for (let i = 0; i < 50; i++) await glia.call(address, 'hello')
    }, echo)
    expect(frames).toBeGreaterThanOrEqual(50)
    // Pings and gossip come on top of the calls. Without window-updates.ts and one-piece.ts there are nine per call.
    expect(frames).toBeLessThan(150)
  })
})

test('a small call takes a message of the data channel there, and one back', async ({ ada, bob }) => {
  await connect(ada, bob, 'direct')
  const echo = await addressOf(bob, 'echo')
  const CALLS = 200
  const sent = await Promise.all(
    [ada, bob].map(async (page) =>
      page.evaluateHandle(() => {
        const byChannel = new Map<RTCDataChannel, number[]>()
        const { prototype } = RTCDataChannel
        const original = Reflect.get(prototype, 'send')
        prototype.send = function (data: string | Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
          const lengths = byChannel.get(this) ?? []
          byChannel.set(this, lengths)
          if (ArrayBuffer.isView(data)) lengths.push(data.byteLength)
          Reflect.apply(original, this, [data])
        }
        return byChannel
      }),
    ),
  )
  await ada.evaluate(
    async ([address, calls]) => {
      for (let i = 0; i < calls; i++) await glia.call(address, 'hello')
    },
    [echo, CALLS] as const,
  )
  for (const byChannel of sent) {
    // Other protocols have channels of their own.
    const channels = await byChannel.evaluate((map) => [...map.values()])
    const [all = []] = channels.toSorted((a, b) => b.length - a.length)
    expect(all.length).toBeGreaterThanOrEqual(CALLS)
    // Without whole-messages.ts the length of each message is a message of one or two bytes. The negotiation of a new
    // channel sends a few such messages.
    expect(all.filter((length) => length <= 2).length).toBeLessThan(10)
  }
})
