import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { announcement, joinGossip } from '../announcer.ts'
import type { Attack } from '../attack.ts'
import { honestCalls } from '../bystanders.ts'
import type { Stage } from '../stage.ts'

/** Memory that an attack may cost the server, in MiB. */
const MAX_GROWTH_MIB = 300
/** Time within which a server and a page that are not blocked answer, in ms. */
const BLOCKED_MS = 2000

async function somebody(): Promise<{ id: string; publicKey: Uint8Array }> {
  const key = await generateKeyPair('Ed25519')
  return { id: peerIdFromPrivateKey(key).toString(), publicKey: publicKeyToProtobuf(key.publicKey) }
}

const addresses = (count: number): Uint8Array[] =>
  Array.from(
    { length: count },
    (_, i) => multiaddr(`/ip4/10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}/tcp/1/ws`).bytes,
  )

async function slowestAnswerMs(stage: Stage, until: Promise<unknown>): Promise<{ server: number; page: number }> {
  let over = false
  void until.finally(() => (over = true))
  const slowest = { server: 0, page: 0 }
  const watch = async (who: keyof typeof slowest, ask: () => Promise<unknown>): Promise<void> => {
    while (!over) {
      const asked = performance.now()
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask()
      slowest[who] = Math.max(slowest[who], performance.now() - asked)
      // oxlint-disable-next-line no-await-in-loop
      await pause(50)
    }
  }
  await Promise.all([
    watch('server', async () => (await fetch(new URL('status', stage.relay.url))).text()),
    watch('page', () => stage.owner.evaluate(() => 1)),
  ])
  return slowest
}

export const gossipFloods: Attack = {
  name: 'gossip',
  trials: [
    {
      what: '1,800 announcements of 100 to 8,000 addresses each',
      run: async (stage) => {
        const { publish } = await joinGossip(stage)
        // Made before: this process must not be the one that is blocked.
        const many = addresses(8000)
        const others = await Promise.all(Array.from({ length: 1800 }, somebody))
        const announcements = others.map(({ publicKey }, i) =>
          announcement(publicKey, i % 18 === 0 ? many : many.slice(0, 100)),
        )
        const before = stage.serverMiB()
        const flood = (async () => {
          for (const bytes of announcements) {
            // oxlint-disable-next-line no-await-in-loop -- one after the other
            await publish(bytes)
            // oxlint-disable-next-line no-await-in-loop -- lets the watch look
            await pause(0)
          }
          await pause(3000)
        })()
        const { server, page } = await slowestAnswerMs(stage, flood)
        const grown = stage.serverMiB() - before
        const wrong = await honestCalls(stage)
        if (server > BLOCKED_MS) wrong.push(`the server did not answer for ${Math.round(server)} ms`)
        if (page > BLOCKED_MS) wrong.push(`the page was blocked for ${Math.round(page)} ms`)
        if (grown > MAX_GROWTH_MIB) wrong.push(`the server took ${Math.round(grown)} MiB more`)
        return wrong
      },
    },
    {
      what: 'one peer speaks for another',
      run: async (stage) => {
        const { publish } = await joinGossip(stage)
        const other = await somebody()
        for (let i = 0; i < 5; i++) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await publish(announcement(other.publicKey, addresses(1)))
          // oxlint-disable-next-line no-await-in-loop
          await pause(500)
        }
        const seen = await stage.owner.evaluate(() => JSON.stringify(glia.peers()))
        return seen.includes(other.id) ? ['the owner’s tab lists somebody who was never there'] : []
      },
    },
    {
      what: 'rubbish instead of announcements',
      run: async (stage) => {
        const { publish } = await joinGossip(stage)
        const { publicKey } = await somebody()
        for (let i = 0; i < 300; i++) {
          const bytes = crypto.getRandomValues(new Uint8Array(i * 20))
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await publish(i % 3 === 0 ? bytes : announcement(i % 3 === 1 ? publicKey : bytes, [bytes]))
        }
        return honestCalls(stage)
      },
    },
  ],
}
