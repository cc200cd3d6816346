import { expect } from '@playwright/test'
import { memoryGrowth } from './memory.ts'
import { connect, linkTo, test } from './mesh.ts'
import { addressOf, peerIdOf, spawn } from './tab.ts'

const MiB = 1024 * 1024

test.setTimeout(180_000)

for (const { way, link, webRtc } of [
  { way: 'over WebRTC', link: 'direct', webRtc: true },
  { way: 'over the relay', link: 'relayed', webRtc: false },
] as const) {
  test.describe(way, () => {
    test.use({ webRtc })

    test('16 MiB to the process of somebody else come back byte for byte', async ({ ada, bob }) => {
      await connect(ada, bob, link)
      // On a busy machine the relay takes longer than the default of 30 s for a message.
      const patient = await bob.evaluate(async () => {
        const module = await (await fetch('actors/root.wasm')).arrayBuffer()
        return glia.spawn(module, { name: 'patient', policy: { deadlineMs: 300_000 } })
      })
      const received = await ada.evaluate(([address, bytes]) => tools.echo(address, bytes), [
        await addressOf(bob, 'echo', patient),
        16 * MiB,
      ] as const)
      expect(received).toBe(16 * MiB)
      expect(await linkTo(ada, await peerIdOf(bob))).toBe(link)
    })

    test('somebody who does not read holds the process that writes, and nothing else', async ({ ada, bob }) => {
      const other = await addressOf(bob, 'slurp', await spawn(bob, 'trouble'))
      await connect(ada, bob, link)
      const echo = await addressOf(bob, 'echo')
      let held = 0
      const growthOfAda = memoryGrowth(ada, async () => {
        const growthOfBob = await memoryGrowth(bob, async () => {
          held = await ada.evaluate(
            async ([address, otherAddress, bytes]) => {
              const CHUNK = 64 * 1024
              const stream = await glia.open(address)
              let at = 0
              const sent = (async () => {
                for (; at < bytes; at += CHUNK) await stream.write(tools.pattern(CHUNK, at))
                await stream.closeWrite()
              })()
              // Until nothing more goes in during ten calls of another process.
              for (let before = -1; before < at;) {
                before = at
                for (let i = 0; i < 10; i++) await glia.call(otherAddress, tools.pattern(CHUNK))
              }
              Object.assign(globalThis, { stream, sent })
              await weigh()
              return at
            },
            [echo, other, 64 * MiB] as const,
          )
          await bob.evaluate(() => weigh())
        })
        expect(growthOfBob).toBeLessThan(16 * MiB)
      })
      expect(await growthOfAda).toBeLessThan(16 * MiB)
      expect(held).toBeGreaterThan(0)
      expect(held).toBeLessThan(8 * MiB)
      // The message was held, not lost.
      const first = await ada.evaluate(async (enough) => {
        const { stream, sent } = globalThis as unknown as {
          stream: Awaited<ReturnType<typeof glia.open>>
          sent: Promise<void>
        }
        let at = 0
        while (at < enough) {
          const chunk = await stream.read()
          if (chunk === null || !tools.isPattern(chunk, at)) throw new Error(`the bytes differ after ${at}`)
          at += chunk.length
        }
        stream.abort(new Error('enough'))
        return sent.then(
          () => 'all was sent',
          () => 'it went on',
        )
      }, held + MiB)
      expect(first).toBe('it went on')
    })
  })
}
