import { type Browser, chromium, type Page } from '@playwright/test'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { CHROMIUM_FLAGS, findChromium } from '../browser.ts'
import { joined, type Relay, startRelay, visit } from '../mesh.ts'
import { addressOf, peerIdOf, spawn } from '../tab.ts'
import { Stranger } from './stranger.ts'

/** Everything a trial is played on: a server, the tab of the actor's owner, and strangers. */
export interface Stage {
  readonly relay: Relay
  readonly browser: Browser
  /** The owner's tab, joined to the relay. */
  readonly owner: Page
  /** Peer id of the owner's tab. */
  readonly peerId: string
  /** PID of an actor of the owner: the guest `trouble`. */
  readonly pid: string
  /** Address of a method of that actor. */
  address(method: string): Promise<string>
  /** A libp2p peer with a fresh peer id and no code of Glia. It is stopped after the trial. */
  stranger(): Promise<Stranger>
  strangers(count: number): Promise<Stranger[]>
  /** Port of the server's WebSocket door. */
  readonly wsPort: number
  readonly tcpPort: number
  readonly httpPort: number
  /** Memory of the server's process, in MiB; 0 where the system does not tell. */
  serverMiB(): number
  /** Has something ended after the trial, whatever becomes of it. */
  defer(end: () => unknown): void
}

/** Sets a stage, plays on it, and clears it. */
export async function withStage<T>(flags: readonly string[], play: (stage: Stage) => Promise<T>): Promise<T> {
  const relay = await startRelay(...flags)
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
  const ends: (() => unknown)[] = []
  try {
    const owner = await visit(browser, relay.url)
    await joined(owner)
    const pid = await spawn(owner, 'trouble')
    const stranger = async (): Promise<Stranger> => {
      const one = await Stranger.create(relay.tcp)
      ends.push(() => one.stop())
      return one
    }
    const wsPort = Number(/\/tcp\/(\d+)\/ws/.exec(await infoOf(relay.url))?.[1])
    return await play({
      relay,
      browser,
      owner,
      pid,
      peerId: await peerIdOf(owner),
      address: (method) => addressOf(owner, method, pid),
      stranger,
      strangers: (count) => Promise.all(Array.from({ length: count }, stranger)),
      wsPort,
      tcpPort: Number(/\/tcp\/(\d+)\//.exec(relay.tcp)?.[1]),
      httpPort: Number(new URL(relay.url).port),
      serverMiB: () => residentMiB(relay.pid()),
      defer: (end) => void ends.push(end),
    })
  } finally {
    await Promise.allSettled(ends.map((end) => end()))
    await browser.close()
    await relay.stop()
  }
}

async function infoOf(url: string): Promise<string> {
  return (await fetch(new URL('info', url))).text()
}

function residentMiB(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    // No /proc on this system: the memory is not judged there.
    return 0
  }
}

/**
 * A forwarder to a port of this machine whose connections come from another loopback address, so that what is bounded per
 * address can be told from what is bounded in all.
 * @returns Its port.
 */
export async function fromAddress(stage: Stage, localAddress: string, port: number): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port, localAddress })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.defer(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}
