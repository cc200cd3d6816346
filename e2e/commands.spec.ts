import { expect, type Page } from '@playwright/test'
import { guest } from './guests/guests.ts'
import { openTab, test } from './tab.ts'

/** The results of many calls: how often each reply or error came. */
type Tally = Record<string, number>

/** Spawns commands, and reactors beside them, and sends each of them messages, all at once. */
async function callAll(page: Page, given: { commands: number; reactors: number; messages: number }): Promise<Tally> {
  const reactor = await guest('trouble')
  return page.evaluate(
    async ([{ commands, reactors, messages }, module]) => {
      const wc = await (await fetch('/actors/wc.wasm')).blob()
      const addresses: string[] = []
      for (let i = 0; i < commands; i++) addresses.push(`/ww/0.1.0/self/${await glia.spawn(wc)}/_start`)
      for (let i = 0; i < reactors; i++) addresses.push(`/ww/0.1.0/self/${await glia.spawn(module)}/slurp`)
      const all = Array.from({ length: messages }, (_, i) => addresses[i % addresses.length] ?? '')
      const outcomes = await Promise.all(all.map((address) => tools.outcome(glia.call(address, 'one two\n'))))
      const tally: Record<string, number> = {}
      for (const { text, code, message } of outcomes) {
        const key = text ?? `${code}: ${message}`
        tally[key] = (tally[key] ?? 0) + 1
      }
      return tally
    },
    [given, reactor] as const,
  )
}

for (const io of ['rings', 'jspi', 'buffered']) {
  test(`a hundred commands that are called at the same moment all answer (${io})`, async ({ page, server }) => {
    await openTab(page, `${server.url}?io=${io}`)
    expect(await callAll(page, { commands: 100, reactors: 0, messages: 100 })).toEqual({ '1 2 8\n': 100 })
    // On the workers of the first round, and on fresh ones where those cannot have another memory.
    expect(await callAll(page, { commands: 0, reactors: 1, messages: 1 })).toEqual({ '8': 1 })
  })
}

test('three hundred messages to more commands than can live at once all answer, beside reactors that keep their state', async ({
  page,
  server,
}) => {
  await openTab(page, server.url)
  const tally = await callAll(page, { commands: 130, reactors: 20, messages: 300 })
  expect(tally).toEqual({ '1 2 8\n': 260, '8': 40 })
})
