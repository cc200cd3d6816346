import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { joined, visit } from '../../mesh.ts'
import type { Attack, Trial } from '../attack.ts'
import { honestCalls } from '../bystanders.ts'
import type { Stage } from '../stage.ts'

/** Memory that an attack may cost the server, in MiB. */
const MAX_GROWTH_MIB = 300
const ATTACKER = '127.0.0.66'
const UPGRADE =
  'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

function dial(stage: Stage, port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress: ATTACKER })
  socket.on('error', () => undefined) // refused or reset: as it should be
  stage.defer(() => socket.destroy())
  return socket
}

/** Somebody new opens the page, joins, and is called. */
async function newcomer(stage: Stage): Promise<string[]> {
  const page = await visit(stage.browser, stage.relay.url)
  const isIn = await Promise.race([joined(page).then(() => true), pause(15_000, false)])
  return isIn ? [] : ['a newcomer is not joined after 15 s']
}

function silentSockets(door: 'TCP' | 'WebSocket'): Trial {
  return {
    what: `50 silent connections a second to the ${door} door, for 10 s, of one address`,
    run: async (stage) => {
      const port = door === 'TCP' ? stage.tcpPort : stage.wsPort
      const timer = setInterval(() => dial(stage, port), 20)
      stage.defer(() => clearInterval(timer))
      await pause(10_000)
      return [...(await newcomer(stage)), ...(await honestCalls(stage))]
    },
  }
}

export const handshakes: Attack = {
  name: 'handshakes',
  trials: [
    {
      what: '20 WebSockets with an unfinished frame of 95 MiB',
      run: async (stage) => {
        const before = stage.serverMiB()
        const piece = new Uint8Array(1024 * 1024)
        await Promise.all(
          Array.from({ length: 20 }, async () => {
            const socket = dial(stage, stage.wsPort)
            socket.write(UPGRADE)
            await Promise.race([once(socket, 'data'), once(socket, 'close')])
            // A masked binary frame that says it has 95 MiB, the mask, and nearly all of it.
            const head = Buffer.alloc(14)
            head.writeUInt8(0x82, 0)
            head.writeUInt8(0xff, 1)
            head.writeBigUInt64BE(BigInt(95 * piece.length), 2)
            socket.write(head)
            for (let i = 0; i < 94 && !socket.destroyed; i++) {
              // oxlint-disable-next-line no-await-in-loop -- as fast as the other side takes it
              await Promise.race([new Promise((resolve) => socket.write(piece, resolve)), pause(2000)])
            }
          }),
        )
        const grown = stage.serverMiB() - before
        const wrong = await honestCalls(stage)
        if (grown > MAX_GROWTH_MIB) wrong.push(`the server took ${Math.round(grown)} MiB more`)
        return wrong
      },
    },
    silentSockets('TCP'),
    silentSockets('WebSocket'),
    {
      what: '4,200 HTTP heads that are half sent, of one address',
      run: async (stage) => {
        for (let i = 0; i < 4200; i++) {
          dial(stage, stage.httpPort).write('POST / HTTP/1.1\r\nHost: localh')
          // oxlint-disable-next-line no-await-in-loop -- the system takes so many connections at a time
          if (i % 100 === 0) await pause(10)
        }
        return honestCalls(stage, { times: 5 })
      },
    },
    {
      what: '4,200 WebSocket heads that are half sent, of one address',
      run: async (stage) => {
        for (let i = 0; i < 4200; i++) {
          dial(stage, stage.wsPort).write(UPGRADE.slice(0, 60))
          // oxlint-disable-next-line no-await-in-loop -- as above
          if (i % 100 === 0) await pause(10)
        }
        return [...(await newcomer(stage)), ...(await honestCalls(stage))]
      },
    },
  ],
}
