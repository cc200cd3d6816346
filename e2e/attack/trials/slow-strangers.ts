import { once } from 'node:events'
import { request } from 'node:http'
import type { Stream } from '@libp2p/interface'
import type { Attack, Trial } from '../attack.ts'
import { honestCalls } from '../bystanders.ts'
import type { Stage } from '../stage.ts'

const BYTE = new Uint8Array([120])
const byte = (stream: Stream): void => void stream.send(BYTE)

/** Opens calls of fresh peers, each of which is then treated in some bad way. */
function strangersWho(
  what: string,
  { peers, callsEach, method = 'slurp' }: { peers: number; callsEach: number; method?: string },
  treat: (stream: Stream, stage: Stage) => void,
): Trial {
  return {
    what: `${peers} fresh peer ids with ${callsEach} calls each ${what}`,
    run: async (stage) => {
      const address = await stage.address(method)
      const strangers = await stage.strangers(peers)
      await Promise.all(
        strangers.map(async (stranger) => {
          for (let i = 0; i < callsEach; i++) {
            // oxlint-disable-next-line no-await-in-loop -- one connection negotiates one after the other
            const stream = await stranger.open(address).catch(() => undefined) // refused: that is an answer too
            if (stream) treat(stream, stage)
          }
        }),
      )
      return honestCalls(stage)
    },
  }
}

/** Sends one byte now, and another each `ms`. */
function trickle(ms: number) {
  return (stream: Stream, stage: Stage): void => {
    byte(stream)
    const timer = setInterval(() => {
      if (stream.status === 'open') byte(stream)
      else clearInterval(timer)
    }, ms)
    stage.defer(() => clearInterval(timer))
  }
}

/** Bodies over HTTP that never end. */
function slowBodies(what: string, count: number, addressOf: (stage: Stage) => Promise<string>): Trial {
  return {
    what: `${count} slow bodies of one HTTP client at ${what}`,
    run: async (stage) => {
      const url = new URL(await addressOf(stage), stage.relay.url)
      for (let i = 0; i < count; i++) {
        const sent = request(url, { method: 'POST', headers: { 'x-forwarded-for': '203.0.113.66' } })
        sent.on('error', () => undefined) // refused, or reset at the end
        sent.write('x')
        const timer = setInterval(() => sent.write('x'), 5000)
        stage.defer(() => {
          clearInterval(timer)
          sent.destroy()
        })
      }
      return honestCalls(stage)
    },
  }
}

/** The reply is asked for and never read. */
function unread(stream: Stream): void {
  stream.pause()
  byte(stream)
  void stream.close().catch(() => undefined) // the stream is reset in the end
}

export const slowStrangers: Attack = {
  name: 'slow-strangers',
  trials: [
    strangersWho('that send a byte every 9 s', { peers: 5, callsEach: 1 }, trickle(9000)),
    strangersWho('that send a byte every second', { peers: 20, callsEach: 2 }, trickle(1000)),
    strangersWho('that send one byte and no more', { peers: 8, callsEach: 256 }, byte),
    strangersWho('that send nothing', { peers: 20, callsEach: 10 }, () => undefined),
    strangersWho('that do not read the reply', { peers: 5, callsEach: 2, method: 'flood' }, unread),
    strangersWho('that reset in the middle', { peers: 5, callsEach: 50 }, (stream) => {
      byte(stream)
      stream.abort(new Error('enough'))
    }),
    slowBodies('an actor', 250, (stage) => stage.address('slurp')),
    slowBodies('the root of the gateway', 70, async ({ relay }) => `/ww/0.1.0/${relay.peerId}/root/echo`),
    {
      what: '1,024 calls of 250 KB that wait',
      run: async (stage) => {
        const session = await stage.owner.context().newCDPSession(stage.owner)
        await session.send('HeapProfiler.enable')
        const held = async (): Promise<number> => {
          await session.send('HeapProfiler.collectGarbage')
          const usage = await session.send('Runtime.getHeapUsage')
          return (usage.usedSize + usage.backingStorageSize) / 1024 / 1024
        }
        const before = await held()
        const address = await stage.address('slurp')
        const body = new Uint8Array(250_000)
        const strangers = await stage.strangers(8)
        await Promise.all(
          strangers.map(async (stranger) => {
            for (let i = 0; i < 128; i++) {
              // oxlint-disable-next-line no-await-in-loop -- as above
              const stream = await stranger.open(address).catch(() => undefined)
              stream?.send(body)
            }
          }),
        )
        const broken = await honestCalls(stage)
        const grown = (await held()) - before
        if (grown > 100) broken.push(`the page holds ${Math.round(grown)} MiB for calls that wait`)
        return broken
      },
    },
    {
      what: '50 sockets of HTTP that read no reply',
      run: async (stage) => {
        const url = new URL(await stage.address('flood'), stage.relay.url)
        for (let i = 0; i < 50; i++) {
          const sent = request(url, { method: 'POST', headers: { 'x-forwarded-for': '203.0.113.66' } })
          sent.on('error', () => undefined)
          sent.end()
          stage.defer(() => sent.destroy())
        }
        const first = request(url, { method: 'POST' })
        first.on('error', () => undefined)
        first.end()
        await Promise.race([once(first, 'response'), once(first, 'close')])
        stage.defer(() => first.destroy())
        return honestCalls(stage)
      },
    },
  ],
}
