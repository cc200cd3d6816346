import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { SESSION_PROTOCOL } from '../../../src/mesh/limits.ts'
import { Random } from '../../random.ts'
import type { Attack } from '../attack.ts'
import { honestCalls } from '../bystanders.ts'
import type { Stage } from '../stage.ts'

const FRAMES = 3000
/** Sessions in a row that may be refused, 50 ms apart. */
const MAX_REFUSED = 100

/** Frames of a session: right ones, with bytes of them changed, and such as nobody would send. */
function frame(random: Random, address: string): Uint8Array {
  const head = Buffer.from(JSON.stringify({ to: address, deadlineMs: 1000 }))
  const type = random.pick([1, 1, 1, 2, 3, 4, 5, 6, 7, 9, 15])
  const payload = type === 1 ? withLength(head) : Buffer.from([5])
  const body = Buffer.concat([Buffer.from([type | random.pick([0, 128]), random.below(4)]), payload])
  for (let i = random.below(4); i > 0; i--) body[random.below(body.length)] = random.below(256)
  return withLength(body)
}

/** Bytes after their length, an unsigned varint of two bytes. */
function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(bytes.length & 127) | 128, bytes.length >> 7]), bytes])
}

async function rubbishFrames(stage: Stage, host: string): Promise<string[]> {
  const random = new Random(7)
  const address = host === stage.peerId ? await stage.address('slurp') : `/ww/0.1.0/${host}/${'1'.repeat(20)}/echo`
  const troubles: string[] = []
  stage.owner.on('pageerror', (error) => troubles.push(`nobody caught ${error.message}`))
  const stranger = await stage.stranger()
  let refused = 0
  for (let sent = 0; sent < FRAMES;) {
    // oxlint-disable-next-line no-await-in-loop -- a new session when the last was ended for its rubbish
    const stream = await stranger.open(SESSION_PROTOCOL, host).catch(() => undefined)
    if (!stream) {
      // Some of the streams before are still open at the other side, which takes four at a time.
      if (++refused > MAX_REFUSED) return [...troubles, 'no session can be opened any more']
      // oxlint-disable-next-line no-await-in-loop -- until it has seen their ends
      await pause(50)
      continue
    }
    refused = 0
    for (let i = 0; i < 20 && stream.status === 'open'; i++, sent++) {
      try {
        stream.send(frame(random, address))
      } catch {
        break // it was ended meanwhile
      }
      // oxlint-disable-next-line no-await-in-loop -- the answer may be the end
      if (random.below(10) === 0) await pause(1)
    }
    stream.abort(new Error('enough'))
  }
  return [...troubles, ...(await honestCalls(stage))]
}

export const rubbish: Attack = {
  name: 'rubbish',
  trials: [
    { what: `${FRAMES} mutated session frames at a tab`, run: (stage) => rubbishFrames(stage, stage.peerId) },
    {
      what: `${FRAMES} mutated session frames at the server`,
      run: (stage) => rubbishFrames(stage, stage.relay.peerId),
    },
    {
      what: 'random bytes at every door',
      run: async (stage) => {
        for (const port of [stage.tcpPort, stage.wsPort, stage.httpPort]) {
          for (let i = 0; i < 50; i++) {
            const socket = connect({ host: '127.0.0.1', port })
            socket.on('error', () => undefined) // reset: that is an answer
            socket.write(crypto.getRandomValues(new Uint8Array(1 + i * 40)))
            stage.defer(() => socket.destroy())
          }
        }
        return honestCalls(stage)
      },
    },
    {
      what: 'malformed WebSocket frames',
      run: async (stage) => {
        for (let i = 0; i < 50; i++) {
          const socket = new WebSocket(`ws://127.0.0.1:${stage.wsPort}/`)
          socket.on('error', () => undefined) // closed for it: that is an answer
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await Promise.race([once(socket, 'open'), once(socket, 'close')])
          const raw = (socket as unknown as { _socket?: { write(bytes: Uint8Array): void } })._socket
          raw?.write(Buffer.from([0xf0 | (i & 15), 0xff, ...crypto.getRandomValues(new Uint8Array(20))]))
          stage.defer(() => socket.terminate())
        }
        return honestCalls(stage)
      },
    },
  ],
}
