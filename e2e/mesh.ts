// The mesh as people have it: each person has a browser, and there are relays.
import type { Browser, Page } from '@playwright/test'
import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { PeerInfo } from '../src/mesh/presence/peer-info.ts'
import { type AppServer, newDataFolder, printedUrl, serve } from './server.ts'
import { call, installTools, openTab, addressOf, peerIdOf, test as withTab } from './tab.ts'

/** A server of its own, for a test that does something to it. */
export interface Relay extends AppServer {
  /** Peer id. */
  readonly peerId: string
  /** Multiaddr at which other relays and native peers reach it. */
  readonly tcp: string
  /** The server's process id, while it runs. */
  pid(): number | undefined
  /** Ends it at once, like a power cut. */
  kill(): Promise<void>
  /** Starts it on the same ports with the same data. */
  restart(): Promise<void>
  /** Stops its process, or lets it go on. A stopped process neither answers nor closes anything. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2'): void
}

/** Starts a server with a relay on free ports. */
export function startRelay(...args: string[]): Promise<Relay> {
  return startRelayWith({}, args)
}

/** The same, with environment variables for its process, and a command that runs it (`serve`). */
export async function startRelayWith(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  wrapper?: readonly string[],
): Promise<Relay> {
  const data = newDataFolder()
  let command: ChildProcess
  const start = async (ports: readonly string[]): Promise<string> => {
    command = serve([...ports, '--data', data, ...args], env, wrapper)
    return printedUrl(command)
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (command.exitCode !== null || command.signalCode !== null) return
    command.kill(signal)
    await once(command, 'close')
  }
  const url = await start(['--http', '0', '--ws', '0', '--tcp', '0'])
  const { ID, Addrs } = (await (await fetch(new URL('info', url))).json()) as { ID: string; Addrs: string[] }
  const portAt = (form: RegExp): string => {
    const port = Addrs.map((address) => form.exec(address)?.[1]).find((found) => found !== undefined)
    if (port === undefined) throw new Error(`None of ${Addrs.join(', ')} is like ${form.source}.`)
    return port
  }
  const tcp = portAt(/\/tcp\/(\d+)\/p2p\//)
  const ports = ['--http', new URL(url).port, '--ws', portAt(/\/tcp\/(\d+)\/ws\/p2p\//), '--tcp', tcp]
  return {
    url,
    peerId: ID,
    tcp: `/ip4/127.0.0.1/tcp/${tcp}/p2p/${ID}`,
    pid: () => command.pid,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: async () => void (await start(ports)),
    signal: (signal) => void command.kill(signal),
  }
}

export interface VisitOptions {
  /** Whether the browser has WebRTC. Without it, as in some companies, everything goes over the relay. */
  webRtc?: boolean
}

/** Opens the app in a browser of its own: other storage, no sibling tabs. Resolves when calls work there. */
export async function visit(browser: Browser, url: string, { webRtc = true }: VisitOptions = {}): Promise<Page> {
  const context = await browser.newContext()
  await context.addInitScript(installTools)
  if (!webRtc) await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'))
  return openTab(await context.newPage(), url)
}

/** Waits until a tab is on a relay, where the others can reach it. */
export async function joined(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    try {
      return glia.joinLink() !== ''
    } catch {
      return false
    }
  })
}

/** How a tab reaches a peer; undefined if it does not know it. */
export function linkTo(page: Page, peerId: string): Promise<PeerInfo['link'] | undefined> {
  return page.evaluate((wanted) => glia.peers().find((peer) => peer.peerId === wanted)?.link, peerId)
}

/**
 * Makes a tab reach another one in a certain way: the first call goes over the relay, and a direct connection comes
 * later.
 */
export async function connect(from: Page, to: Page, link: 'direct' | 'relayed'): Promise<void> {
  const { text = '', message } = await call(from, await addressOf(to, 'echo'), 'hello')
  if (text !== 'hello') throw new Error(`The first call was answered with '${text}': ${message}`)
  await from.waitForFunction(
    ([peerId, wanted]) => glia.peers().some((peer) => peer.peerId === peerId && peer.link === wanted),
    [await peerIdOf(to), link] as const,
  )
}

interface Fixtures {
  /** Whether Ada's and Bob's browsers have WebRTC. */
  webRtc: boolean
  people: readonly [Page, Page]
  /** A person's tab, on the relay of `server`. */
  ada: Page
  /** The tab of another person, in another browser. */
  bob: Page
}

/** Playwright's `test` with a server and two people on its relay. */
export const test = withTab.extend<Fixtures>({
  webRtc: [true, { option: true }],
  people: async ({ browser, server, webRtc }, use) => {
    const come = async (): Promise<Page> => {
      const page = await visit(browser, server.url, { webRtc })
      await joined(page)
      return page
    }
    const pages = await Promise.all([come(), come()])
    await use(pages)
    await Promise.all(pages.map((page) => page.context().close()))
  },
  ada: async ({ people: [ada] }, use) => use(ada),
  bob: async ({ people: [, bob] }, use) => use(bob),
})
