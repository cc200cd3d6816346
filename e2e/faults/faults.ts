// What goes wrong while calls are under way.
import type { Page } from '@playwright/test'
import { pause } from '../../src/mesh/dial/pause.ts'
import { devtools, ready, stopServiceWorker } from '../tab.ts'
import type { Random } from '../random.ts'
import type { Place, World } from './world.ts'

declare global {
  /** Set in a page that is about to be left. */
  var isOldPage: boolean | undefined
  var isSilent: boolean | undefined
}

export interface Fault {
  readonly name: string
  /** Where it can happen. */
  readonly at: readonly Place[]
  /** The callee loses its memory, so nobody can tell how often its messages ran. */
  readonly forgets?: boolean
  /** Before the calls begin. */
  prepare?(world: World): Promise<void>
  /** Has it happen, and ends it. Resolves when calls can work again, unless `over` was called before. */
  strike(world: World, options: FaultOptions): Promise<void>
}

export interface FaultOptions {
  random: Random
  /** How long what stops is stopped, in ms. */
  pauseMs: number
  /** From now on the time counts until calls work again. */
  over(): void
}

/** How long somebody looks at another page. */
const AWAY_MS = 2_000
/** How long a page loops so that its process is found. */
const LOOP_MS = 1_000

const EVERYWHERE: readonly Place[] = ['own tab', 'sibling tab', 'relayed', 'direct']
const OTHER_TABS: readonly Place[] = ['sibling tab', 'relayed', 'direct']
const OTHER_BROWSERS: readonly Place[] = ['relayed', 'direct']

export const FAULTS: readonly Fault[] = [
  { name: 'none', at: EVERYWHERE, strike: async () => undefined },
  {
    name: 'service worker stopped',
    at: ['own tab', 'sibling tab'],
    async strike({ caller }, { random }) {
      for (let stops = 0; stops < 10; stops++) {
        await pause(random.below(300))
        await stopServiceWorker(caller)
      }
    },
  },
  {
    name: 'callee reloaded',
    at: OTHER_TABS,
    forgets: true,
    async strike({ callee }, { over }) {
      over()
      await callee.reload()
      await ready(callee)
    },
  },
  {
    name: 'callee away and back',
    at: OTHER_TABS,
    forgets: true,
    async strike(world, { over }) {
      // No browser keeps a page that listens to this.
      await world.callee.evaluate(() => addEventListener('unload', () => undefined))
      await goAwayAndBack(world, over)
    },
  },
  {
    name: 'callee back from cache',
    at: OTHER_TABS,
    forgets: true,
    strike: (world, { over }) => goAwayAndBack(world, over),
  },
  {
    name: 'callee closed',
    at: OTHER_TABS,
    forgets: true,
    async strike(world, { over }) {
      await world.callee.close()
      over()
      await world.reopen()
    },
  },
  {
    name: 'callee crashed',
    at: OTHER_TABS,
    forgets: true,
    async strike(world, { over }) {
      const session = await devtools(world.callee)
      const crashed = world.callee.waitForEvent('crash')
      // It never answers.
      session.send('Page.crash').catch(() => undefined)
      await crashed
      over()
      await world.reopen()
    },
  },
  {
    name: 'callee in a debugger',
    at: OTHER_TABS,
    async strike({ callee }, { pauseMs }) {
      const session = await devtools(callee)
      await session.send('Debugger.enable')
      await session.send('Debugger.pause')
      await pause(pauseMs)
      await session.send('Debugger.disable')
      await session.detach()
    },
  },
  {
    name: 'callee frozen',
    at: OTHER_TABS,
    prepare: async (world) => void renderers.set(world, await rendererOf(world)),
    async strike(world, { pauseMs }) {
      const renderer = renderers.get(world)
      if (renderer === undefined) throw new Error('nobody knows the process of the callee')
      process.kill(renderer, 'SIGSTOP')
      await pause(pauseMs)
      process.kill(renderer, 'SIGCONT')
    },
  },
  {
    name: 'relay stopped',
    at: OTHER_BROWSERS,
    async strike({ relay }, { pauseMs }) {
      relay.signal('SIGSTOP')
      await pause(pauseMs)
      relay.signal('SIGCONT')
    },
  },
  {
    name: 'relay killed',
    at: OTHER_BROWSERS,
    async strike({ relay }) {
      await relay.kill()
      await relay.restart()
    },
  },
  {
    name: 'network dark',
    at: OTHER_BROWSERS,
    async strike({ tunnel }, { pauseMs }) {
      tunnel.setDark(true)
      await pause(pauseMs)
      tunnel.setDark(false)
    },
  },
  {
    name: 'network dark for 30 s',
    at: OTHER_BROWSERS,
    async strike({ tunnel }) {
      tunnel.setDark(true)
      await pause(30_000)
      tunnel.setDark(false)
    },
  },
  {
    // The relay is still there: nobody has to wait until the direct way works again.
    name: 'direct way silent',
    at: ['direct'],
    async strike({ caller, callee }, { over }) {
      await Promise.all([caller, callee].map((page) => page.evaluate(() => (globalThis.isSilent = true))))
      over()
    },
  },
  {
    name: 'process killed',
    at: EVERYWHERE,
    forgets: true,
    async strike(world) {
      await world.callee.evaluate((pid) => glia.kill(pid), world.target.pid)
      await world.respawn()
    },
  },
  {
    name: 'process restarted',
    at: EVERYWHERE,
    forgets: true,
    async strike({ callee, target }) {
      await callee.evaluate((pid) => glia.restart(pid), target.pid)
    },
  },
  {
    name: 'process trapped',
    at: EVERYWHERE,
    forgets: true,
    async strike({ callee, target }) {
      for (let traps = 0; traps < 4; traps++) {
        const address = target.address.replace(/echo$/, 'trap')
        await callee.evaluate((to) => glia.call(to).catch(() => undefined), address)
      }
    },
  },
  {
    name: 'process past its deadline',
    at: EVERYWHERE,
    forgets: true,
    async strike({ callee, target }) {
      const address = target.address.replace(/echo$/, 'spin')
      await callee.evaluate((to) => glia.call(to).catch(() => undefined), address)
    },
  },
]

/** Process ids of the callees' renderers. */
const renderers = new WeakMap<World, number>()

/** Headless Chromium freezes no page. A stopped renderer handles as little: the browser around it keeps the sockets open. */
async function rendererOf({ caller, callee }: World): Promise<number> {
  const [own, other] = [await busiestRenderer(caller), await busiestRenderer(callee)]
  if (own === other) throw new Error('caller and callee share a process')
  return other
}

/** The renderer that works while the page is made to. */
async function busiestRenderer(page: Page): Promise<number> {
  const session = await page.context().browser()?.newBrowserCDPSession()
  const times = async (): Promise<Map<number, number>> => {
    const { processInfo = [] } = (await session?.send('SystemInfo.getProcessInfo')) ?? {}
    return new Map(processInfo.filter(({ type }) => type === 'renderer').map(({ id, cpuTime }) => [id, cpuTime]))
  }
  const before = await times()
  await page.evaluate((until) => {
    while (Date.now() < until);
  }, Date.now() + LOOP_MS)
  const worked = [...(await times())].map(([id, time]) => ({ id, seconds: time - (before.get(id) ?? 0) }))
  await session?.detach()
  const [busiest] = worked.sort((a, b) => b.seconds - a.seconds)
  if (!busiest) throw new Error('the browser lists no renderer')
  return busiest.id
}

/** Has the callee's tab show another page, and then go back. */
async function goAwayAndBack({ callee, relay }: World, over: () => void): Promise<void> {
  await callee.evaluate(() => (globalThis.isOldPage = true))
  await callee.goto(new URL('version', relay.url).href)
  await pause(AWAY_MS)
  over()
  await callee.goBack({ waitUntil: 'commit' })
  // A page from the cache loads itself anew.
  await callee.waitForFunction(() => !globalThis.isOldPage && globalThis.glia !== undefined)
  await ready(callee)
}

/** For `addInitScript`: data channels that can go silent. They stay open and take what is sent, and nothing arrives. */
export function installSilence(): void {
  const proto = globalThis.RTCDataChannel?.prototype
  if (!proto) return
  const send = Object.getOwnPropertyDescriptor(proto, 'send')
  Object.defineProperty(proto, 'send', {
    ...send,
    value(this: RTCDataChannel, ...args: unknown[]) {
      if (!globalThis.isSilent) Reflect.apply(send?.value, this, args)
    },
  })
}
