import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Browser } from '@playwright/test'
import { ROOT } from '../server.ts'
import { joined } from './joined.ts'
import { requestRate } from './load.ts'
import { measure, type Row } from './measure.ts'

const CALLS = 4000
const AT_ONCE = 64

/** Calls over HTTP through the gateway: of its own root process, and of one in a tab. */
export async function gateway(browser: Browser, url: string): Promise<Row[]> {
  const gate = Number(new URL(url).port)
  const [, , peer, root] = (await (await fetch(`${url}status`)).text()).split('/')
  const load =
    (port: number, path: string, calls = CALLS) =>
    (): Promise<number> =>
      requestRate({ port, path, connections: AT_ONCE, calls })

  const bare = fork(join(ROOT, 'e2e/bench/echo-server.mjs'))
  const { port } = await answer(bare)
  const byPid = load(gate, `/ww/0.1.0/${peer}/${root}/echo`)
  // Both servers are warm then.
  await load(Number(port), '/')()
  await byPid()
  const rows = [
    await measure({
      what: 'calls of the gateway’s own root, 64 connections',
      unit: '/s',
      glia: byPid,
      baseline: load(Number(port), '/'),
      against: 'a bare hono server that sends the body back',
      calls: CALLS,
    }),
    await measure({
      what: 'the same by the name root',
      unit: '/s',
      glia: load(gate, `/ww/0.1.0/${peer}/root/echo`),
      baseline: byPid,
      against: 'the same by PID',
      calls: CALLS,
    }),
  ]
  bare.kill()

  const context = await browser.newContext()
  const tab = await joined(context.newPage(), url)
  const [host, pid] = await tab.evaluate(() => [globalThis.glia.peerId, globalThis.glia.procs()[0]?.pid] as const)
  const { relays } = (await (await fetch(`${url}.well-known/glia.json`)).json()) as { relays: string[] }
  const caller = fork(join(ROOT, 'e2e/bench/node-peer.mjs'), relays)
  await answer(caller)
  const address = `/ww/0.1.0/${host}/${pid}/echo`
  const ask = async (calls: number, atOnce = AT_ONCE): Promise<number> => {
    caller.send({ address, calls, atOnce })
    return Number((await answer(caller))['rate'])
  }
  await ask(1, 1)
  await load(gate, address, 1)()
  rows.push(
    await measure({
      what: 'calls of a process in a tab through the gateway, 64 connections',
      unit: '/s',
      glia: load(gate, address, CALLS / 2),
      baseline: () => ask(CALLS / 2),
      against: '`call` of a peer in Node, 64 at once',
      calls: CALLS / 2,
    }),
    await measure({
      what: 'the same by the name root',
      unit: '/s',
      glia: load(gate, `/ww/0.1.0/${host}/root/echo`, CALLS / 2),
      baseline: load(gate, address, CALLS / 2),
      against: 'the same by PID',
      calls: CALLS / 2,
    }),
  )
  caller.kill()
  await context.close()
  return rows
}

/** The next message of a child. @throws {Error} what it failed with. */
async function answer(child: ChildProcess): Promise<Record<string, unknown>> {
  const [message] = (await once(child, 'message')) as [Record<string, unknown>]
  if (message['error'] !== undefined) throw new Error(JSON.stringify(message))
  return message
}
