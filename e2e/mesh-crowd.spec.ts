import { expect } from '@playwright/test'
import { joined, startRelay, test, visit } from './mesh.ts'
import { addressOf } from './tab.ts'

const PEOPLE = 20
/** A class of 20 on two cores. So many browsers take their time to open. */
test.setTimeout(240_000)

test('twenty people on one relay see one another, and each calls all the others', async ({ browser }) => {
  const relay = await startRelay()
  // Over the relay alone: a hundred WebRTC connections are minutes of work for two cores, and say nothing about the
  // relay.
  const pages = await Promise.all(Array.from({ length: PEOPLE }, () => visit(browser, relay.url, { webRtc: false })))
  try {
    await Promise.all(pages.map(joined))
    const addresses = await Promise.all(pages.map((page) => addressOf(page, 'echo')))
    const ids = addresses.map((address) => address.split('/')[3] ?? '')
    await Promise.all(
      pages.map((page, me) =>
        page.waitForFunction(
          (others) => {
            const seen = new Set(glia.peers().map(({ peerId }) => peerId))
            return others.every((id) => seen.has(id))
          },
          ids.filter((_, i) => i !== me),
          { timeout: 60_000 },
        ),
      ),
    )
    // One after the other: otherwise there would be some hundred handshakes in the same second on one machine.
    for (const [me, page] of pages.entries()) {
      const others = addresses.filter((_, i) => i !== me)
      const answers = await page.evaluate(
        (all) => Promise.all(all.map((address) => tools.outcome(glia.call(address, `hello ${address}`)))),
        others,
      )
      expect(answers, `person ${me}`).toEqual(others.map((address) => ({ text: `hello ${address}` })))
    }
  } finally {
    await Promise.all(pages.map((page) => page.context().close()))
    await relay.stop()
  }
})
