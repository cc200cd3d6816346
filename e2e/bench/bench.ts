/**
 * `npm run bench`: what a call costs, each figure beside its baseline in the same run, in turns, so that a change in the
 * machine's speed meets both. The ratio is what to read; the table is printed and kept as JSON.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from '@playwright/test'
import { WebSocketServer } from 'ws'
import { ROOT, test } from '../server.ts'
import { spawn } from '../tab.ts'
import { table } from '../table.ts'
import * as baselines from './baselines.ts'
import { busy } from './busy.ts'
import * as calls from './calls.ts'
import { checkpoints } from './checkpoints.ts'
import { gateway } from './gateway.ts'
import { graph } from './graph.ts'
import { idleTab } from './idle.ts'
import { joined } from './joined.ts'
import { measure, median, p50, type Row } from './measure.ts'
import { coldCalls } from './start.ts'
import { streams } from './streams.ts'

const MiB = 1024 * 1024
const ROOT_ECHO = '/ww/0.1.0/self/root/echo'

/** The parts of the table, by the name with which GLIA_BENCH asks for one alone. */
const PARTS: Readonly<Record<string, (browser: Browser, url: string) => Promise<Row[]>>> = {
  local,
  checkpoints,
  many,
  webrtc: (browser, url) => remote(browser, url, 'WebRTC', 'a bare data channel'),
  relay: (browser, url) => remote(browser, url, 'relay', 'a bare WebSocket through a server that passes it on'),
  gateway,
  streams,
  start: coldCalls,
  idle: idleTab,
  graph,
  busy,
}

const onlyPart = process.env['GLIA_BENCH']
for (const [name, part] of Object.entries(PARTS)) {
  if (onlyPart !== undefined && onlyPart !== name) continue
  test(name, async ({ browser, server }) => {
    const rows = await part(browser, server.url)
    process.stdout.write(tableOf(rows))
    keep(name, rows)
  })
}

/** Puts the figures of a part into the file of the last figures. A part that fails takes nothing from the others. */
function keep(name: string, rows: readonly Row[]): void {
  const file = join(ROOT, 'e2e/bench/results.json')
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {}
  writeFileSync(file, `${JSON.stringify({ ...kept, [name]: rows }, null, 2)}\n`)
}

/** Processes of the page itself. */
async function local(browser: Browser, url: string): Promise<Row[]> {
  // The baselines start workers of their own, which the page's policy forbids.
  const context = await browser.newContext({ bypassCSP: true })
  const page = await context.newPage()
  await page.goto(url)
  await page.evaluate(() => globalThis.glia.served)
  const some = { calls: 1300, warmUp: 200 }
  const post = { method: 'POST', body: 'x'.repeat(32) }
  await page.evaluate(baselines.connectWorker, { transfer: false })
  const call = await measure({
    what: 'local call, 32 bytes, p50',
    unit: 'µs',
    glia: () => p50(page.evaluate(calls.callTimes, { address: ROOT_ECHO, ...some })),
    baseline: () => p50(page.evaluate(baselines.roundTripTimes, some)),
    against: 'postMessage to a worker and back',
  })
  await page.evaluate(() => globalThis.bare.close())
  await page.evaluate(baselines.connectWorker, { transfer: true })
  const echo = await measure({
    what: 'echo of 64 MiB',
    unit: 'MB/s',
    glia: () => page.evaluate(calls.echoRate, { address: ROOT_ECHO, bytes: 64 * MiB }),
    baseline: () => page.evaluate(baselines.bulkRate, { bytes: 64 * MiB, messageBytes: 64 * 1024 }),
    against: 'transferred ArrayBuffers to a worker and back',
  })
  await page.evaluate(() => globalThis.bare.close())
  const spawned = await measure({
    what: 'spawn of wc, 17 kB',
    unit: 'ms',
    glia: async () => median(await page.evaluate(calls.spawnTimes)),
    baseline: async () => median(await page.evaluate(baselines.workerTimes)),
    against: 'a bare worker that instantiates it',
  })
  const ledger = async (sync: 'relaxed' | 'durable'): Promise<string> =>
    `/ww/0.1.0/self/${await spawn(page, 'ledger', { policy: { sync } })}/once`
  const [relaxed, durable] = [await ledger('relaxed'), await ledger('durable')]
  const writes = { calls: 120, warmUp: 20 }
  const fsync = await measure({
    what: 'call that appends 8 bytes and waits in fsync until they are stored, p50',
    unit: 'µs',
    glia: () => p50(page.evaluate(calls.callTimes, { address: durable, ...writes })),
    baseline: () => p50(page.evaluate(calls.callTimes, { address: relaxed, ...writes })),
    against: 'the same with an fsync that does not wait',
  })
  const http = await measure({
    what: 'HTTP call, 32 bytes, p50',
    unit: 'µs',
    glia: () => p50(page.evaluate(calls.fetchTimes, { path: ROOT_ECHO, init: post })),
    baseline: () => p50(page.evaluate(calls.fetchTimes, { path: 'actors/index.json' })),
    against: 'fetch of a kept file through the service worker',
  })
  await context.close()
  return [call, echo, spawned, fsync, http]
}

/** Live processes that a tab has at most. */
const LIVE = 100
const COLD = 1000

/** What many processes cost: their memory, and the calls of one while the others are there. */
async function many(browser: Browser, url: string): Promise<Row[]> {
  const few = await start(browser, url)
  const crowd = await start(browser, url)
  const bare = await start(browser, url)
  const one = await few.page.evaluate(calls.spawnMany, { processes: 1 })
  const some = { calls: 1300, warmUp: 200 }
  const besides = (what: string, address: string): Promise<Row> =>
    measure({
      what,
      unit: 'µs',
      glia: () => p50(crowd.page.evaluate(calls.callTimes, { address, ...some })),
      baseline: () => p50(few.page.evaluate(calls.callTimes, { address: one, ...some })),
      against: 'the same with 1 process',
    })
  // The root process lives too.
  const live = LIVE - 1
  const began = await crowd.memory()
  const addresses = await crowd.page.evaluate(calls.spawnMany, { processes: live })
  const liveBytes = (await crowd.memory()) - began
  const bareBegan = await bare.memory()
  await bare.page.evaluate(baselines.connectWorkers, { workers: live })
  const bareBytes = (await bare.memory()) - bareBegan
  const rows = [
    figure(
      `a live process, of ${LIVE}: memory`,
      liveBytes / live,
      bareBytes / live,
      'a bare worker that instantiates it',
    ),
    await besides(`call of one of ${LIVE} live, p50`, addresses[0] ?? ''),
    await measure({
      what: `calls of ${LIVE} live in turn, p50`,
      unit: 'µs',
      glia: () => p50(crowd.page.evaluate(calls.callTimes, { address: addresses, ...some })),
      baseline: () => p50(bare.page.evaluate(baselines.roundTripTimes, some)),
      against: 'postMessage to as many workers, in turn',
    }),
  ]
  // Each takes the place of one that has been idle for longest, which is cold then.
  const before = await crowd.memory()
  const last = await crowd.page.evaluate(calls.spawnMany, { processes: COLD })
  const coldBytes = (await crowd.memory()) - before
  rows.push(
    figure(`a cold process, of ${COLD}: memory`, coldBytes / COLD, liveBytes / live, 'a live process'),
    await besides(`call beside ${COLD} cold, p50`, last.at(-1) ?? ''),
  )
  for (const { page } of [few, crowd, bare]) await page.context().close()
  return rows

  function figure(what: string, glia: number, baseline: number, against: string): Row {
    return { what, unit: 'kB', glia: glia / 1000, baseline: baseline / 1000, against }
  }
}

interface Started {
  page: Page
  /** Memory of the process that the page runs in, workers included, in bytes: what is resident after garbage was collected. */
  memory(): Promise<number>
}

/** A page in a process of its own. */
async function start(browser: Browser, url: string): Promise<Started> {
  const others = new Set(await renderers(browser))
  const context = await browser.newContext({ bypassCSP: true })
  const page = await context.newPage()
  await page.goto(url)
  await page.evaluate(() => globalThis.glia.served)
  const own = (await renderers(browser)).filter((pid) => !others.has(pid))
  const session = await context.newCDPSession(page)
  return {
    page,
    memory: async () => {
      await session.send('HeapProfiler.collectGarbage')
      const lines = execFileSync('ps', ['-o', 'rss=', '-p', own.join(',')], { encoding: 'utf8' })
        .trim()
        .split('\n')
      return lines.reduce((sum, kibibytes) => sum + Number(kibibytes) * 1024, 0)
    },
  }
}

async function renderers(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
}

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
  const some = { calls: 300, warmUp: 100 }
  const rows = [
    await measure({
      what: `call over ${over}, 32 bytes, p50`,
      unit: 'µs',
      glia: () => p50(near.evaluate(calls.callTimes, { address, ...some })),
      baseline: () => p50(near.evaluate(baselines.roundTripTimes, some)),
      against,
      calls: some.warmUp + some.calls,
    }),
    await measure({
      what: `calls over ${over}, 64 at once`,
      unit: '/s',
      glia: () => near.evaluate(calls.callRate, { address, calls: 2000 }),
      baseline: () => near.evaluate(baselines.roundTripRate, { calls: 2000 }),
      against,
      calls: 2000,
    }),
    await measure({
      what: `echo of 16 MiB over ${over}`,
      unit: 'MB/s',
      glia: () => near.evaluate(calls.echoRate, { address, bytes: 16 * MiB }),
      baseline: () => near.evaluate(baselines.bulkRate, { bytes: 16 * MiB, messageBytes: 16 * 1024 }),
      against,
    }),
  ]
  const bulks = await far.evaluate(calls.spawnEchoes, { processes: 4 })
  for (const count of [1, 4]) {
    rows.push(
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await measure({
        what: `call over ${over} beside ${count} echoes of bulk, p50`,
        unit: 'µs',
        glia: () => p50(near.evaluate(calls.callTimesBesideBulk, { address, ...some, bulks: bulks.slice(0, count) })),
        baseline: () => p50(near.evaluate(calls.callTimes, { address, ...some })),
        against: 'the same without bulk',
      }),
    )
  }
  await disconnect()
  for (const context of contexts) await context.close()
  return rows
}

async function bareChannel(near: Page, far: Page): Promise<() => Promise<void>> {
  const offer = await near.evaluate(baselines.offerChannel)
  const answer = await far.evaluate(baselines.answerChannel, offer)
  await near.evaluate(baselines.acceptAnswer, answer)
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
  await far.evaluate(baselines.connectSocket, { url, echo: true })
  await near.evaluate(baselines.connectSocket, { url, echo: false })
  return async () => {
    for (const client of server.clients) client.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ what, unit, glia, baseline, against, cpu }) => [
    what,
    `${format(glia)} ${unit}`,
    `${format(baseline)} ${unit}`,
    `${(glia / baseline).toFixed(2)}x`,
    against,
    cpu ? `${format(cpu.glia)} µs, ${format(cpu.baseline)} µs, ${(cpu.glia / cpu.baseline).toFixed(2)}x` : '',
  ])
  return `\n${table([['', 'glia', 'baseline', 'ratio', 'baseline is', 'CPU per call: glia, baseline, ratio'], ...cells])}`
}

function format(value: number): string {
  return value < 10 ? value.toFixed(2) : String(Math.round(value))
}
