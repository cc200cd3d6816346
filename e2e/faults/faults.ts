// What goes wrong while calls are under way.
import { devtools, stopServiceWorker } from '../tab.ts'
import type { Random } from '../random.ts'
import type { Place, World } from './world.ts'

export interface Fault {
  readonly name: string
  /** Where it can happen. */
  readonly at: readonly Place[]
  /** The callee loses its memory, so nobody can tell how often its messages ran. */
  readonly forgets?: boolean
  /** Has it happen, and ends it. Resolves when calls can work again. */
  strike(world: World, options: FaultOptions): Promise<void>
}

export interface FaultOptions {
  random: Random
  /** How long what stops is stopped, in ms. */
  pauseMs: number
}

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
    async strike(world) {
      await world.callee.reload()
      await world.callee.evaluate(() => glia.ready)
    },
  },
  {
    name: 'callee closed',
    at: OTHER_TABS,
    forgets: true,
    strike: (world) => world.reopen(),
  },
  {
    name: 'callee crashed',
    at: OTHER_TABS,
    forgets: true,
    async strike(world) {
      const session = await devtools(world.callee)
      // It never answers.
      session.send('Page.crash').catch(() => undefined)
      await world.callee.waitForEvent('crash')
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
    async strike({ callee }, { pauseMs }) {
      const session = await devtools(callee)
      await session.send('Page.enable')
      await session.send('Page.setWebLifecycleState', { state: 'frozen' })
      await pause(pauseMs)
      await session.send('Page.setWebLifecycleState', { state: 'active' })
      await session.detach()
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
