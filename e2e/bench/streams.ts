import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { build, type Rolldown } from 'vite'
import { ROOT, startServer } from '../server.ts'
import * as calls from './calls.ts'
import { joined } from './joined.ts'
import type { PlainLibp2p } from './libp2p-page.ts'
import { measure, p50, type Row } from './measure.ts'

/** Calls to a process of another tab, against plain libp2p between two pages, with a stream for each call. */
export async function streams(browser: Browser, url: string): Promise<Row[]> {
  // It relays for peers that do not speak Glia too.
  const relay = await startServer('--relay-for', 'any')
  const script = await bundled()
  const rows: Row[] = []
  for (const over of ['WebRTC', 'a relay'] as const) {
    const contexts = await Promise.all(Array.from({ length: 4 }, () => browser.newContext({ bypassCSP: true })))
    if (over === 'a relay') {
      for (const context of contexts) {
        await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'))
      }
    }
    const [near, far, plainNear, plainFar] = contexts as [
      BrowserContext,
      BrowserContext,
      BrowserContext,
      BrowserContext,
    ]
    const { page, address } = await gliaPages(await near.newPage(), await far.newPage(), { url, over })
    const plain = await plainPages(await plainNear.newPage(), await plainFar.newPage(), {
      url: relay.url,
      script,
      over,
    })
    const some = { calls: 200, warmUp: 50 }
    rows.push(
      await measure({
        what: `call over ${over}, 32 bytes, p50`,
        unit: 'µs',
        glia: () => p50(page.evaluate(calls.callTimes, { address, ...some })),
        baseline: () => p50(plain.evaluate((wanted) => globalThis.plain.times(wanted), some)),
        against: 'a fresh libp2p stream per call',
        calls: some.calls + some.warmUp,
      }),
      await measure({
        what: `calls over ${over}, 64 at once`,
        unit: '/s',
        glia: () => page.evaluate(calls.callRate, { address, calls: 1000 }),
        baseline: () => plain.evaluate((wanted) => globalThis.plain.rate(wanted), { calls: 1000 }),
        against: 'a fresh libp2p stream per call',
        calls: 1000,
      }),
    )
    for (const context of contexts) await context.close()
  }
  await relay.stop()
  return rows
}

interface Where {
  url: string
  over: 'WebRTC' | 'a relay'
}

async function gliaPages(near: Page, far: Page, { url, over }: Where): Promise<{ page: Page; address: string }> {
  await joined(Promise.resolve(near), url)
  await joined(Promise.resolve(far), url)
  const { peerId, pid } = await far.evaluate(() => ({
    peerId: globalThis.glia.peerId,
    pid: globalThis.glia.procs()[0]?.pid,
  }))
  const address = `/ww/0.1.0/${peerId}/${pid}/echo`
  await near.evaluate((to) => globalThis.glia.call(to), address)
  const link = over === 'WebRTC' ? 'direct' : 'relayed'
  await near.waitForFunction(
    ([peer, wanted]) => globalThis.glia.peers().find((each) => each.peerId === peer)?.link === wanted,
    [peerId, link] as const,
  )
  return { page: near, address }
}

async function plainPages(near: Page, far: Page, { url, over, script }: Where & { script: string }): Promise<Page> {
  const { relays } = (await (await fetch(`${url}.well-known/glia.json`)).json()) as { relays: [string] }
  const [relay] = relays
  const peers: string[] = []
  for (const page of [near, far]) {
    // A page of the relay's own site, without the app.
    await page.goto(`${url}healthz`)
    await page.addScriptTag({ content: script })
    peers.push(await page.evaluate((address) => globalThis.plain.start(address), relay))
  }
  const address = `${relay}/p2p-circuit/${over === 'WebRTC' ? 'webrtc/' : ''}p2p/${peers[1]}`
  await near.evaluate((to) => globalThis.plain.connect(to), address)
  return near
}

/** The script of the pages with plain libp2p. */
async function bundled(): Promise<string> {
  const built = (await build({
    configFile: false,
    root: ROOT,
    publicDir: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2024',
      rolldownOptions: { input: join(ROOT, 'e2e/bench/libp2p-page.ts'), output: { format: 'iife' } },
    },
  })) as Rolldown.RolldownOutput
  return built.output[0].code
}

declare global {
  var plain: PlainLibp2p
}
