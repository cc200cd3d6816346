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
import { chromium, type Page } from '@playwright/test'
import { createLibp2p } from 'libp2p'
import { CHROMIUM_FLAGS, findChromium } from '../browser.ts'
import { connect, joined, type Relay, startRelay } from '../mesh.ts'
import { addressOf, installTools, openTab, spawn } from '../tab.ts'
import { LANES, PROBE_LANES } from './cell.ts'
import { installSilence } from './faults.ts'
import { inTime } from './in-time.ts'
import { installMessageTools } from './message.ts'
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
  /** PIDs of processes of the caller that call others by opening files. Each handles one call at a time. */
  readonly askers: readonly string[]
  /** Opens the callee anew, after its page was lost; its process comes back with it. */
  reopen(): Promise<void>
  /** Makes another process to call. */
  respawn(): Promise<void>
}

/** Starting takes seconds. What takes longer than this, in ms, never comes. */
const START_MS = 120_000
const END_MS = 20_000

/** Makes a world for some work, and ends what belongs to it, whatever comes of starting it and of the work. */
export async function withWorld<T>(place: Place, work: (world: World) => Promise<T>): Promise<T> {
  const ends: (() => Promise<unknown>)[] = []
  try {
    return await work(await inTime(startWorld(place, ends), START_MS, 'the world does not start'))
  } finally {
    // The last one first. One that fails or takes too long must not keep the others.
    for (let end = ends.pop(); end; end = ends.pop())
      await inTime(
        end().catch(() => undefined),
        END_MS,
      )
  }
}

/** Starts everybody and makes one call, so that all ways are there. @param ends Is given what ends each part, as soon as it is there */
async function startWorld(place: Place, ends: (() => Promise<unknown>)[]): Promise<World> {
  const relay = await startRelay()
  ends.push(() => relay.kill())
  const tunnel = await startTunnel()
  ends.push(() => tunnel.stop())
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: CHROMIUM_FLAGS,
    // As people have it: a page that is left is kept, and comes back as it was.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  ends.push(() => browser.close())
  const visit = async (): Promise<Page> => {
    // Loopback too goes through the tunnel.
    const context = await browser.newContext({ proxy: { server: tunnel.url, bypass: '<-loopback>' } })
    await context.addInitScript(installTools)
    await context.addInitScript(installMessageTools)
    await context.addInitScript(installSilence)
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
  ends.push(async () => native.stop())
  const askers: string[] = []
  for (let asker = 0; asker < LANES + PROBE_LANES; asker++)
    askers.push(await spawn(caller, 'ask', { policy: { call: true, mailbox: 256 } }))
  const world: World = {
    relay,
    tunnel,
    caller,
    callee,
    place,
    native,
    askers,
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
  }
  await world.respawn()
  return world
}
