// Who takes part: two people with browsers of their own, a relay between them, and a native peer.
// What Node lacks, before libp2p.
// oxlint-disable-next-line import/no-unassigned-import
import '../../src/node/polyfill.ts'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Browser, Page } from '@playwright/test'
import { createLibp2p } from 'libp2p'
import { connect, joined, type Relay, startRelay } from '../mesh.ts'
import { addressOf, installTools, openTab, spawn } from '../tab.ts'
import { startTunnel, type Tunnel } from './tunnel.ts'

/** Where the process is that is called, as seen from the caller. */
export type Place = 'own tab' | 'sibling tab' | 'relayed' | 'direct'

export interface World {
  readonly relay: Relay
  /** Through which the browsers reach the relay. */
  readonly tunnel: Tunnel
  /** Who calls. */
  readonly caller: Page
  /** Who is called: the same page, one of the same browser, or one of another browser. */
  callee: Page
  readonly place: Place
  readonly native: Libp2p
  /** PID of the process that is called, and address of its method that echoes. */
  target: { pid: string; address: string; counted: string }
  /** PID of a process of the caller that calls others by opening files. */
  readonly asker: string
  /** Opens the callee anew, after its page was lost; its process comes back with it. */
  reopen(): Promise<void>
  /** Makes another process to call. */
  respawn(): Promise<void>
  end(): Promise<void>
}

/** Starts everybody and makes one call, so that all ways are there. */
export async function startWorld(browser: Browser, place: Place): Promise<World> {
  const relay = await startRelay()
  const tunnel = await startTunnel()
  const visit = async (): Promise<Page> => {
    // Loopback too goes through the tunnel.
    const context = await browser.newContext({ proxy: { server: tunnel.url, bypass: '<-loopback>' } })
    await context.addInitScript(installTools)
    if (place === 'relayed') await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'))
    return openTab(await context.newPage(), relay.url)
  }
  const caller = await visit()
  const openCallee = async (): Promise<Page> => {
    if (place === 'own tab') return caller
    if (place !== 'sibling tab') return visit()
    return openTab(await caller.context().newPage(), relay.url)
  }
  const callee = await openCallee()
  await Promise.all([joined(caller), joined(callee)])
  if (place === 'relayed' || place === 'direct') await connect(caller, callee, place)
  const native = await createLibp2p({
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  })
  const asker = await spawn(caller, 'ask', { policy: { call: true, mailbox: 256 } })
  const world: World = {
    relay,
    tunnel,
    caller,
    callee,
    place,
    native,
    asker,
    target: { pid: '', address: '', counted: '' },
    async reopen() {
      const context = world.callee.context()
      await world.callee.close().catch(() => undefined)
      world.callee = await openTab(await context.newPage(), relay.url)
    },
    async respawn() {
      const pid = await spawn(world.callee, 'tally', { policy: { mailbox: 256 } })
      const address = await addressOf(world.callee, 'echo', pid)
      world.target = { pid, address, counted: await addressOf(world.callee, 'counted', pid) }
    },
    async end() {
      relay.signal('SIGCONT')
      await Promise.allSettled([native.stop(), caller.context().close(), world.callee.context().close()])
      await Promise.allSettled([relay.kill(), tunnel.stop()])
    },
  }
  await world.respawn()
  return world
}
