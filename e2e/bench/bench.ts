/**
 * `npm run bench`: what a call costs, each figure beside its baseline in the same run, in turns, so that a change in the
 * machine's speed meets both. The ratio is what to read; the table is printed and kept as JSON.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from '@playwright/test'
import { WebSocketServer } from 'ws'
import { ROOT, test } from '../server.ts'
import * as betweenPages from './between-pages.ts'
import * as inPage from './in-page.ts'

interface Row {
  what: string
  unit: string
  glia: number
  baseline: number
  against: string
}

/** Times that each pair is measured; the medians are reported. */
const ROUNDS = 5

test('bench', async ({ browser, server }) => {
  // The baselines start workers of their own, which the page's policy forbids.
  const context = await browser.newContext({ bypassCSP: true })
  const page = await context.newPage()
  await page.goto(server.url)
  await page.evaluate(() => globalThis.glia.ready)
  const rows = [
    await pair(
      page,
      'local call, 32 bytes, p50',
      'µs',
      inPage.gliaCall,
      inPage.pingPong,
      'postMessage to a worker and back',
    ),
    await pair(
      page,
      'echo of 64 MiB',
      'MB/s',
      inPage.gliaEcho,
      inPage.transferEcho,
      'transferred ArrayBuffers to a worker and back',
    ),
    await pair(
      page,
      'spawn of counter',
      'ms',
      inPage.gliaSpawn,
      inPage.bareSpawn,
      'a bare worker that instantiates it',
    ),
    await pair(
      page,
      'HTTP call, 32 bytes, p50',
      'µs',
      inPage.httpCall,
      inPage.cachedFile,
      'fetch of a kept file through the service worker',
    ),
  ]
  await context.close()
  rows.push(...(await remote(browser, server.url, 'WebRTC', 'a bare data channel')))
  rows.push(...(await remote(browser, server.url, 'relay', 'a bare WebSocket through a server that passes it on')))
  process.stdout.write(table(rows))
  writeFileSync(join(ROOT, 'e2e/bench/results.json'), `${JSON.stringify(rows, null, 2)}\n`)
})

/** A process of another tab, called over what is named, against the bare channel under it. */
async function remote(browser: Browser, url: string, over: 'WebRTC' | 'relay', against: string): Promise<Row[]> {
  const contexts = [await browser.newContext(), await browser.newContext()]
  if (over === 'relay') {
    for (const context of contexts)
      await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'))
  }
  const [near, far] = [await joined(contexts[0]?.newPage(), url), await joined(contexts[1]?.newPage(), url)]
  const address = await far.evaluate(
    () => `/ww/0.1.0/${globalThis.glia.peerId}/${globalThis.glia.procs()[0]?.pid}/echo`,
  )
  await near.evaluate((to) => globalThis.glia.call(to), address)
  const [, , , host = ''] = address.split('/')
  const link = over === 'relay' ? 'relayed' : 'direct'
  await near.waitForFunction(
    ([peer, wanted]) => globalThis.glia.peers().find(({ peerId }) => peerId === peer)?.link === wanted,
    [host, link] as const,
  )
  const disconnect = over === 'relay' ? await bareSockets(near, far) : await bareChannel(near, far)
  const rows = [
    await pair(
      near,
      `call over ${over}, 32 bytes, p50`,
      'µs',
      betweenPages.remoteCall,
      betweenPages.bareCall,
      against,
      address,
    ),
    await pair(
      near,
      `calls over ${over}, 64 at once`,
      '/s',
      betweenPages.remoteCalls,
      betweenPages.bareCalls,
      against,
      address,
    ),
    await pair(
      near,
      `echo of 16 MiB over ${over}`,
      'MB/s',
      betweenPages.remoteEcho,
      betweenPages.bareEcho,
      against,
      address,
    ),
  ]
  await disconnect()
  for (const context of contexts) await context.close()
  return rows
}

async function joined(opening: Promise<Page> | undefined, url: string): Promise<Page> {
  const page = await opening
  if (!page) throw new Error('no page')
  await page.goto(url)
  await page.evaluate(() => globalThis.glia.ready)
  await page.waitForFunction(() => {
    try {
      return globalThis.glia.joinLink()
    } catch {
      return false
    }
  })
  return page
}

async function bareChannel(near: Page, far: Page): Promise<() => Promise<void>> {
  const offer = await near.evaluate(betweenPages.offerChannel)
  const answer = await far.evaluate(betweenPages.answerChannel, offer)
  await near.evaluate(betweenPages.acceptAnswer, answer)
  return async () => undefined
}

/** A server that passes on what one of two sockets sends to the other. */
async function bareSockets(near: Page, far: Page): Promise<() => Promise<void>> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const other of server.clients) if (other !== socket) other.send(data)
    })
  })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  await far.evaluate(betweenPages.connectSocket, { url, echo: true })
  await near.evaluate(betweenPages.connectSocket, { url, echo: false })
  return async () => {
    for (const client of server.clients) client.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
}

async function pair(
  page: Page,
  what: string,
  unit: string,
  glia: (address: string) => Promise<number>,
  baseline: () => Promise<number>,
  against: string,
  address = '',
): Promise<Row> {
  const figures: { glia: number[]; baseline: number[] } = { glia: [], baseline: [] }
  for (let round = 0; round < ROUNDS; round++) {
    figures.glia.push(await page.evaluate(glia, address))
    figures.baseline.push(await page.evaluate(baseline))
  }
  return { what, unit, glia: median(figures.glia), baseline: median(figures.baseline), against }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, unit, glia, baseline, against }) => [
    what,
    `${format(glia)} ${unit}`,
    `${format(baseline)} ${unit}`,
    `${(glia / baseline).toFixed(2)}x`,
    against,
  ])
  const all = [['', 'glia', 'baseline', 'ratio', 'baseline is'], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return `\n${all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`
}

function format(value: number): string {
  return value < 10 ? value.toFixed(2) : String(Math.round(value))
}
