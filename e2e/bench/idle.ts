import type { Browser, BrowserContext, Page } from '@playwright/test'
import { joined } from './joined.ts'
import { measure, type Row } from './measure.ts'

/** Other tabs on the relay of the tab that is measured. */
const PEERS = 10
/** A tab makes its connections in this time, in ms. */
const SETTLE_MS = 30_000
/** Time of one measurement, in ms. */
const LOOK_MS = 10_000

declare global {
  /** Messages over data channels and WebSockets of a page, both ways, since it was opened. */
  var channelMessages: number
}

/** What a tab does while nobody uses it, beside many peers and alone. */
export async function idleTab(browser: Browser, url: string): Promise<Row[]> {
  const contexts: BrowserContext[] = []
  const open = async (): Promise<Page> => {
    const context = await browser.newContext()
    contexts.push(context)
    await context.addInitScript(countMessages)
    const page = await joined(context.newPage(), url)
    await page.evaluate(() => globalThis.glia.served)
    return page
  }
  const page = await open()
  // One at a time: the start of each is work for all.
  // oxlint-disable-next-line no-await-in-loop
  for (let i = 0; i < PEERS; i++) await open()
  const alone = await browser.newContext()
  contexts.push(alone)
  const blank = await alone.newPage()
  await blank.goto(`${url}healthz`)
  await page.waitForTimeout(SETTLE_MS)
  const rows = [
    await measure({
      what: `idle tab beside ${PEERS} peers, messages`,
      unit: '/s',
      glia: () => messageRate(page),
      baseline: async () => 5,
      against: 'the most that it may send and get',
    }),
    await measure({
      what: `idle tab beside ${PEERS} peers, main thread`,
      unit: '%',
      glia: () => busyShare(page),
      baseline: () => busyShare(blank),
      against: 'an empty page',
    }),
  ]
  for (const context of contexts) await context.close()
  return rows
}

async function messageRate(page: Page): Promise<number> {
  const before = await page.evaluate(() => globalThis.channelMessages)
  await page.waitForTimeout(LOOK_MS)
  return ((await page.evaluate(() => globalThis.channelMessages)) - before) / (LOOK_MS / 1000)
}

/** Share of the CPU time of one core that the page's main thread takes, in percent. */
async function busyShare(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const seconds = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN
  }
  const before = await seconds()
  await page.waitForTimeout(LOOK_MS)
  const busy = (await seconds()) - before
  await session.detach()
  return (busy / (LOOK_MS / 1000)) * 100
}

/** For `addInitScript`. */
function countMessages(): void {
  globalThis.channelMessages = 0
  const count = (): void => void (globalThis.channelMessages += 1)
  const { send: sendToPeer } = RTCDataChannel.prototype
  RTCDataChannel.prototype.send = function counted(data) {
    count()
    sendToPeer.call(this, data as never)
  }
  const { send: sendToServer } = WebSocket.prototype
  WebSocket.prototype.send = function counted(data) {
    count()
    sendToServer.call(this, data)
  }
  const { addEventListener } = EventTarget.prototype
  const seen = new WeakSet<EventTarget>()
  const follow = (channel: EventTarget): void => {
    if (seen.has(channel)) return
    seen.add(channel)
    addEventListener.call(channel, 'message', count)
  }
  for (const type of [RTCDataChannel, WebSocket]) {
    type.prototype.addEventListener = function followed(
      this: EventTarget,
      ...given: Parameters<typeof addEventListener>
    ) {
      follow(this)
      addEventListener.apply(this, given)
    }
    const onmessage = Object.getOwnPropertyDescriptor(type.prototype, 'onmessage')
    Object.defineProperty(type.prototype, 'onmessage', {
      ...onmessage,
      set(this: EventTarget, listener: unknown) {
        follow(this)
        onmessage?.set?.call(this, listener)
      },
    })
  }
}
