import { expect, type Page } from '@playwright/test'
import { guest } from './guests/guests.ts'
import { call, local, openTab, spawn, spawnBytes, test } from './tab.ts'

const MiB = 1024 * 1024

/** What every tier has to do. They differ in how bytes travel, and in nothing that a caller sees but this. */
const TIERS = [
  { io: 'rings', streams: true },
  { io: 'jspi', streams: true },
  // Without shared memory and JSPI a guest gets its message when it is whole.
  { io: 'buffered', streams: false },
] as const

for (const { io, streams } of TIERS) {
  test.describe(`on ${io}`, () => {
    test.beforeEach(({ page, server }) => openTab(page, `${server.url}?io=${io}`).then(() => undefined))

    test('the tab says which tier it runs, and that it was asked for', async ({ page }) => {
      await page.getByRole('button', { name: `slot 0 · ${io}` }).click()
      await expect(page.getByText(`Asked for in the address (?io=${io}).`)).toBeVisible()
    })

    test('messages of every size come back as they were sent', async ({ page }) => {
      const pid = await spawn(page, 'big')
      for (const size of [0, 1, 64 * 1024, 5 * MiB]) {
        const same = await page.evaluate(
          async ([address, bytes]) => {
            const reply = await glia.call(address, tools.pattern(bytes))
            return reply.length === bytes && tools.isPattern(reply)
          },
          [local(pid, 'echo'), size] as const,
        )
        expect(same, `${size} bytes`).toBe(true)
      }
    })

    test('a call is recorded, and replayed with the same bytes', async ({ page }) => {
      const pid = await spawn(page, 'chance')
      const outcome = await page.evaluate(
        async ([of, address]) => {
          await glia.record(of)
          const reply = await glia.call(address)
          const file = await glia.saveCall((await glia.recordings()).at(-1)?.id ?? '')
          const { difference, reply: replayed } = await glia.replay(file)
          return difference ?? String(replayed) === String(reply)
        },
        [pid, local(pid, 'luck')] as const,
      )
      expect(outcome).toBe(true)
    })

    test('a slow reader gets all of a large reply', async ({ page }) => {
      const pid = await spawn(page, 'big')
      const read = await page.evaluate(
        async ([address, bytes]) => {
          const stream = await glia.open(address)
          const sent = stream.write(tools.pattern(bytes)).then(() => stream.closeWrite())
          let at = 0
          for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
            if (!tools.isPattern(chunk, at)) return 'other bytes'
            at += chunk.length
            await new Promise(requestAnimationFrame)
          }
          await sent
          return at
        },
        [local(pid, 'echo'), 3 * MiB] as const,
      )
      expect(read).toBe(3 * MiB)
    })

    test('a guest speaks before, between and after what it hears', async ({ page }) => {
      const pid = await spawn(page, 'duplex')
      const heard = await page.evaluate(
        async ([address, streaming]) => {
          const stream = await glia.open(address)
          let text = ''
          const hear = async (expected: string): Promise<void> => {
            while (!text.endsWith(expected)) text += new TextDecoder().decode((await stream.read()) ?? undefined)
          }
          if (streaming) await hear('> ')
          await stream.write(new Uint8Array(5))
          if (streaming) await hear('got 5\n')
          await stream.write(new Uint8Array(7))
          await stream.closeWrite()
          await hear('got 7\n')
          return [text, await stream.read()]
        },
        [local(pid, 'prompt'), streams] as const,
      )
      expect(heard).toEqual(['> got 5\ngot 7\n', null])
    })

    test('a guest that reads half a message or none still answers, and the next message is whole', async ({ page }) => {
      const pid = await spawn(page, 'trouble')
      const long = 'x'.repeat(2 * MiB)
      expect((await call(page, local(pid, 'half'), long)).text).toMatch(/^[1-9]\d*$/)
      expect(await call(page, local(pid, 'ignore'), long)).toEqual({ text: '' })
      expect(await call(page, local(pid, 'slurp'), 'hello')).toEqual({ text: '5' })
      expect(await call(page, local(pid, 'slurp'), long)).toEqual({ text: String(2 * MiB) })
    })

    test('a guest that wants no more of its message makes the rest of it fail, and replies on', async ({ page }) => {
      const pid = await spawn(page, 'halves')
      const outcome = await page.evaluate(
        async ([address, streaming]) => {
          const stream = await glia.open(address)
          await stream.write(new Uint8Array(10))
          const writeOn = async (): Promise<string> => {
            for (;;) await stream.write(new Uint8Array(1000))
          }
          // Without streaming there is no rest: the guest runs when its message is whole.
          if (!streaming) await stream.closeWrite()
          const rest = streaming ? await tools.outcome(writeOn()) : undefined
          let bytes = 0
          for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) bytes += chunk.length
          return { code: rest?.code, bytes }
        },
        [local(pid, 'enough'), streams] as const,
      )
      expect(outcome).toEqual({ code: streams ? 'ERR_NO_READER' : undefined, bytes: 4 * MiB })
    })

    test('a guest that has ended its reply goes on, and hears its message to the end', async ({ page }) => {
      const pid = await spawn(page, 'halves')
      const replies = await page.evaluate(
        async ([address, bytes, streaming]) => {
          const stream = await glia.open(address)
          const send = (): Promise<void> => stream.write(new Uint8Array(bytes)).then(() => stream.closeWrite())
          if (!streaming) await send()
          const reply = [await stream.read(), await stream.read()]
          if (streaming) await send()
          return reply.map((chunk) => chunk && new TextDecoder().decode(chunk))
        },
        [local(pid, 'bye'), MiB, streams] as const,
      )
      expect(replies).toEqual(['bye', null])
      expect(await call(page, local(pid, 'heard'))).toEqual({ text: `whole ${MiB}` })
    })

    test('a guest that closes stdout on its way out has failed, if it fails', async ({ page }) => {
      const pid = await spawn(page, 'halves')
      for (let i = 0; i < 5; i++) {
        expect(await call(page, local(pid, 'close_and_fail'))).toMatchObject({ code: 'ERR_FAILED' })
        expect(await call(page, local(pid, 'close_and_trap'))).toMatchObject({ code: 'ERR_TRAPPED' })
      }
    })

    test('a guest that has ended both sleeps on, until its deadline', async ({ page }) => {
      const pid = await spawn(page, 'halves', { policy: { deadlineMs: 1500 } })
      const address = local(pid, 'linger')
      const reply = await page.evaluate(async (to) => {
        const stream = await glia.open(to)
        await stream.closeWrite()
        return stream.read()
      }, address)
      expect(reply).toBeNull()
      await page.waitForFunction(() => glia.procs()[1]?.state !== 'busy')
      // A guest that holds its thread cannot be told without shared memory: its worker is ended, and what it knew is lost.
      expect(await call(page, local(pid, 'called_off'))).toEqual({ text: streams ? 'yes' : 'no' })
    })

    test('a process keeps its state, and loses it with a trap or an exit', async ({ page }) => {
      const pid = await spawn(page, 'trouble')
      for (const text of ['1', '2']) expect(await call(page, local(pid, 'count'))).toEqual({ text })
      expect(await call(page, local(pid, 'fail7'))).toMatchObject({ code: 'ERR_FAILED' })
      expect(await call(page, local(pid, 'count'))).toEqual({ text: '3' })
      for (const [method, outcome] of [
        ['trap', { code: 'ERR_TRAPPED' }],
        ['late_trap', { code: 'ERR_TRAPPED' }],
        ['exit3', { code: 'ERR_EXITED' }],
        ['exit0', { text: 'bye' }],
      ] as const) {
        expect(await call(page, local(pid, method)), method).toMatchObject(outcome)
        expect(await call(page, local(pid, 'count')), `after ${method}`).toEqual({ text: '1' })
      }
    })

    test('a guest calls itself 10,000 times, and one that does so for ever is a trap', async ({ page }) => {
      const pid = await spawn(page, 'trouble')
      expect(await call(page, local(pid, 'deep'))).toEqual({ text: '50005000' })
      expect(await call(page, local(pid, 'bottomless'))).toMatchObject({ code: 'ERR_TRAPPED' })
      expect(await call(page, local(pid, 'deep'))).toEqual({ text: '50005000' })
    })

    test('what a guest writes to stderr is in the log of its process', async ({ page }) => {
      const pid = await spawn(page, 'trouble')
      expect(await call(page, local(pid, 'warn'))).toEqual({ text: 'ok' })
      await page.getByRole('table', { name: 'Processes' }).getByText('trouble').click()
      await expect(page.getByText('first warning')).toBeVisible()
      await expect(page.getByText('second warning')).toBeVisible()
    })

    test('what a guest has under /tmp counts with its memory', async ({ page }) => {
      const pid = await spawn(page, 'files')
      const memory = (): Promise<number> => page.evaluate(() => glia.procs()[1]?.memoryBytes ?? 0)
      const before = await memory()
      expect(await call(page, local(pid, 'put'), 'x'.repeat(5 * MiB))).toEqual({ text: '' })
      expect(await memory()).toBeGreaterThanOrEqual(before + 5 * MiB)
      expect(await call(page, local(pid, 'put'))).toEqual({ text: '' })
      expect(await memory()).toBe(before)
    })

    test('a guest sleeps as long as it asked to', async ({ page }) => {
      const pid = await spawn(page, 'trouble')
      expect(await call(page, local(pid, 'sleepy'))).toEqual({ text: 'awake' })
    })

    test('a loop is stopped at its deadline, and the process starts cold', async ({ page }) => {
      const pid = await spawn(page, 'trouble', { policy: { deadlineMs: 1500 } })
      expect(await call(page, local(pid, 'count'))).toEqual({ text: '1' })
      expect(await call(page, local(pid, 'spin'))).toMatchObject({ code: 'ERR_DEADLINE' })
      await page.waitForFunction(() => glia.procs()[1]?.state === 'cold')
      expect(await call(page, local(pid, 'count'))).toEqual({ text: '1' })
    })

    test('a guest that waits for a message which does not end is told at its deadline', async ({ page }) => {
      const pid = await spawn(page, 'trouble', { policy: { deadlineMs: 1500 } })
      const outcome = await page.evaluate(
        async (address) => {
          const stream = await glia.open(address)
          await stream.write(new Uint8Array(10))
          return tools.outcome(stream.read().then(() => 'answered'))
        },
        local(pid, 'slurp'),
      )
      expect(outcome).toMatchObject({ code: 'ERR_DEADLINE' })
      expect(await call(page, local(pid, 'slurp'), 'hello')).toEqual({ text: '5' })
    })

    test('a flood ends when its caller gives up, and the process goes on', async ({ page }) => {
      const pid = await spawn(page, 'trouble')
      expect(await call(page, local(pid, 'count'))).toEqual({ text: '1' })
      const aborted = await page.evaluate(
        async (address) => {
          const aborter = new AbortController()
          const stream = await glia.open(address)
          await stream.closeWrite()
          await stream.read()
          const outcome = tools.outcome(glia.call(address, '', { signal: aborter.signal }))
          aborter.abort()
          stream.abort(new Error('enough'))
          return outcome
        },
        local(pid, 'flood'),
      )
      expect(aborted).toMatchObject({ code: 'ERR_ABORTED' })
      const { text } = await call(page, local(pid, 'count'))
      // A guest without streams is not told that nobody reads. If it goes on for too long, its instance is ended.
      expect(streams ? ['2'] : ['1', '2']).toContain(text)
    })

    test('a command runs afresh for each message, and its exit code counts', async ({ page }) => {
      const pid = await spawn(page, 'cmd', { args: ['-v'] })
      expect(await call(page, local(pid, '_start'), 'hello')).toEqual({ text: 'cmd -v\nHELLO' })
      expect(await call(page, local(pid, '_start'), 'fail')).toMatchObject({ code: 'ERR_EXITED' })
      expect(await call(page, local(pid, '_start'), 'again')).toEqual({ text: 'cmd -v\nAGAIN' })
    })

    test('a module of AssemblyScript as it comes runs, and its abort is a trap', async ({ page }) => {
      const pid = await spawnBytes(page, await guest('env'), { name: 'env' })
      expect(await call(page, local(pid, 'random'))).toEqual({ text: '' })
      const aborted = await call(page, local(pid, 'aborts'))
      expect(aborted.code).toBe('ERR_TRAPPED')
      expect(aborted.message).toContain('on purpose')
    })

    test('a writer waits for a guest that does not read', async ({ page }) => {
      test.skip(!streams, 'here the message is taken in whole before the guest runs')
      const pid = await spawn(page, 'notes')
      expect(await writtenWithoutReader(page, local(pid, 'nap'))).toBeLessThan(4 * MiB)
    })
  })
}

/** Bytes that a stream takes for a guest that never reads them. */
function writtenWithoutReader(page: Page, address: string): Promise<number> {
  return page.evaluate(async (to) => {
    const CHUNK = 64 * 1024
    const stream = await glia.open(to)
    let taken = 0
    try {
      for (; taken < 16 * 1024 * 1024; taken += CHUNK) await stream.write(new Uint8Array(CHUNK))
    } catch {
      // The guest has returned: it will never read the rest.
    }
    return taken
  }, address)
}

test('without isolation the tab streams by suspending guests, and says why', async ({ browser, server }) => {
  // Without a service worker nobody adds the headers that this host is made to leave out.
  const context = await browser.newContext({ serviceWorkers: 'block' })
  try {
    await context.route(server.url, async (route) => {
      const response = await route.fetch()
      const {
        'cross-origin-opener-policy': _coop,
        'cross-origin-embedder-policy': _coep,
        ...headers
      } = response.headers()
      await route.fulfill({ response, headers })
    })
    const page = await context.newPage()
    await page.goto(server.url)
    await page.evaluate(() => glia.ready)
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
    await page.getByRole('button', { name: 'slot 0 · JSPI' }).click()
    await expect(page.getByText('the page is not cross-origin isolated')).toBeVisible()
    const reply = await page.evaluate(() => glia.call('/ww/0.1.0/self/root/echo', 'hello'))
    expect(new TextDecoder().decode(reply)).toBe('hello')
  } finally {
    await context.close()
  }
})
