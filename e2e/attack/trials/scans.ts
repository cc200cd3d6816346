import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { visit } from '../../mesh.ts'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { announcement, joinGossip } from '../announcer.ts'
import type { Attack } from '../attack.ts'
import type { Stage } from '../stage.ts'

/** Time in which a page or server would have dialled by itself, in ms. */
const WAIT_MS = 4000

/** A port that counts its connections. */
async function countedPort(stage: Stage): Promise<{ port: number; connections(): number }> {
  let connections = 0
  const server = createTcpServer((socket) => {
    connections += 1
    socket.on('error', () => undefined)
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.defer(() => server.close())
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

async function newPeerId(): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
}

async function linkTo(stage: Stage, ports: readonly number[]): Promise<string> {
  const peer = await newPeerId()
  const parts = await Promise.all(
    ports.map(async (port) => `join=/ip4/127.0.0.1/tcp/${port}/ws/p2p/${await newPeerId()}/p2p-circuit/p2p/${peer}`),
  )
  return `${stage.relay.url}#${parts.join('&')}`
}

export const scans: Attack = {
  name: 'scans',
  trials: [
    {
      what: 'a join link has the page dial other hosts before anybody has agreed',
      run: async (stage) => {
        const { port, connections } = await countedPort(stage)
        await visit(stage.browser, await linkTo(stage, [port]))
        await pause(WAIT_MS)
        return connections() === 0 ? [] : [`it dialled ${connections()} times`]
      },
    },
    {
      what: 'a join link with 45 addresses',
      run: async (stage) => {
        const { port, connections } = await countedPort(stage)
        await visit(
          stage.browser,
          await linkTo(
            stage,
            Array.from({ length: 45 }, () => port),
          ),
        )
        await pause(WAIT_MS)
        return connections() === 0 ? [] : [`it dialled ${connections()} times`]
      },
    },
    {
      what: 'the gateway’s answer tells closed, open and HTTP ports apart',
      run: async (stage) => {
        const open = await countedPort(stage)
        const web = createServer((_, response) => response.end('hello'))
        web.listen(0, '127.0.0.1')
        await once(web, 'listening')
        stage.defer(() => web.close())
        const ports = { closed: 1, open: open.port, HTTP: (web.address() as AddressInfo).port }
        const texts = new Set<string>()
        for (const port of Object.values(ports)) {
          // oxlint-disable-next-line no-await-in-loop -- three
          const announcer = await joinGossip(stage)
          // oxlint-disable-next-line no-await-in-loop
          await announcer.publish(
            announcement(announcer.publicKey, [
              multiaddr(`/ip4/127.0.0.1/tcp/${port}/ws/p2p/${announcer.peerId}`).bytes,
            ]),
          )
          // oxlint-disable-next-line no-await-in-loop
          await pause(500)
          // oxlint-disable-next-line no-await-in-loop
          await announcer.leave()
          const url = new URL(`/ww/0.1.0/${announcer.peerId}/root/echo`, stage.relay.url)
          // oxlint-disable-next-line no-await-in-loop
          const answer = await fetch(url, { method: 'POST' })
          // oxlint-disable-next-line no-await-in-loop
          texts.add((await answer.text()).replaceAll(announcer.peerId, 'PEER').replace(`/tcp/${port}/`, '/tcp/PORT/'))
        }
        return texts.size === 1 ? [] : [...texts].map((text) => `one answer is ${text}`)
      },
    },
  ],
}
