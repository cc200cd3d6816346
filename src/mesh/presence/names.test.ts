import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { echo, makeProc } from '../../glia/test-peer.ts'
import { NAME_PROTOCOL, ROSTER_PROTOCOL } from '../limits.ts'
import { glia, join, plainClient, relay, type TestNode, whereIs } from '../test-nodes.ts'
import { readAnnouncement, writeAnnouncement } from './announcement.ts'
import { type Field, FieldSplitter } from './fields.ts'
import { HERE, here, NAME, NAMED, named, nameIs, ROOM } from './roster-wire.ts'
import { ADDRESS, liar, madeUp } from './test-rosters.ts'

/** A peer whose name can be changed. */
async function peerNamed(name: string): Promise<TestNode & { rename(to: string): void }> {
  let own = name
  const node = await glia([makeProc(() => echo).proc], {}, undefined, { name: () => own })
  return {
    ...node,
    rename(to) {
      own = to
      node.mesh.peopleChanged()
    },
  }
}

function nameSeen(by: TestNode, peer: string): () => string | undefined {
  return () => by.mesh.peers().find(({ peerId }) => peerId === peer)?.name
}

test('peers learn from their relay what the others call themselves, also of a change and of the end', async () => {
  const [hub, ada, bob] = await Promise.all([relay(), peerNamed('Ada'), glia()])
  await join(hub, ada, bob)
  await expect.poll(nameSeen(bob, ada.peerId)).toBe('Ada')
  expect(bob.mesh.peers().find(({ peerId }) => peerId === ada.peerId)?.link).toBe('none')
  ada.rename('Ada Lovelace')
  await expect.poll(nameSeen(bob, ada.peerId)).toBe('Ada Lovelace')
  ada.rename('')
  await expect.poll(nameSeen(bob, ada.peerId)).toBeUndefined()
})

test('a connected peer says its name itself, and what it says counts before what a relay tells', async () => {
  const [hub, ada, bob] = await Promise.all([relay(), peerNamed('Ada'), glia()])
  await join(hub, ada, bob)
  await bob.mesh.connect(ada.peerId)
  await expect.poll(nameSeen(bob, ada.peerId)).toBe('Ada')
  ada.rename('Countess')
  await expect.poll(nameSeen(bob, ada.peerId)).toBe('Countess')
})

test('peers of different relays know each other’s names once they are connected', async () => {
  const near = await relay()
  const far = await relay()
  const [ada, bob] = await Promise.all([peerNamed('Ada'), glia()])
  await Promise.all([join(near, ada), join(far, bob)])
  await bob.mesh.connect(`${whereIs(near)}/p2p-circuit/p2p/${ada.peerId}`)
  await expect.poll(nameSeen(bob, ada.peerId)).toBe('Ada')
})

test('two peers with one name are two peers', async () => {
  const [hub, one, two, bob] = await Promise.all([relay(), peerNamed('Ada'), peerNamed('Ada'), glia()])
  await join(hub, one, two, bob)
  await expect
    .poll(() =>
      bob.mesh
        .peers()
        .flatMap(({ peerId, name }) => (name === 'Ada' ? [peerId] : []))
        .sort(),
    )
    .toEqual([one.peerId, two.peerId].sort())
})

/** Says anything on the roster of a relay, after an announcement. */
async function strangerSays(
  hub: TestNode,
  ...fields: (readonly number[])[]
): Promise<{ libp2p: Libp2p; stream: Stream }> {
  const libp2p = await plainClient()
  const { publicKey } = libp2p.peerId
  if (!publicKey) throw new Error('the id has no key')
  const stream = await (await libp2p.dial(multiaddr(whereIs(hub)))).newStream(ROSTER_PROTOCOL)
  const announcement = writeAnnouncement(publicKeyToProtobuf(publicKey), [ADDRESS])
  stream.send(Uint8Array.from([...here(announcement), ...fields.flat()]))
  return { libp2p, stream }
}

test('a hostile name is cleaned by the relay, and again by whoever hears it', async () => {
  const [hub, bob] = await Promise.all([relay(), glia()])
  await join(hub, bob)
  const { libp2p } = await strangerSays(hub, nameIs('\u202EadA\u200B\u0000 <b>&\u2066'))
  await expect.poll(nameSeen(bob, libp2p.peerId.toString())).toBe('adA <b>&')
})

test('a name of 10 kB ends the stream of its sender, whom nobody then knows', async () => {
  const [hub, bob] = await Promise.all([relay(), glia()])
  await join(hub, bob)
  const large = new TextEncoder().encode('a'.repeat(10_240))
  const { stream } = await strangerSays(hub, [NAME, (large.length & 0x7f) | 0x80, large.length >> 7, ...large])
  await expect.poll(() => stream.status).toBe('reset')
  expect(bob.mesh.peers().map(({ name }) => name)).toEqual([undefined])
})

test('names that change all the time end the stream of their sender', async () => {
  const hub = await relay()
  const names = Array.from({ length: 20 }, (_, i) => nameIs(`Ada ${i}`))
  const { stream } = await strangerSays(hub, ...names)
  await expect.poll(() => stream.status).toBe('reset')
})

test('a relay names only peers of which it tells', async () => {
  const [someone, other] = await Promise.all([madeUp(), madeUp()])
  const [someoneId, otherId] = [someone, other].map((each) => readAnnouncement(each).id.toString())
  const { reader } = await liar((stream) => {
    stream.send(
      Uint8Array.from([...here(someone), ...named(someoneId ?? '', 'Ada'), ...named(otherId ?? '', 'Nobody')]),
    )
  })
  await expect.poll(() => reader.nameOf(someoneId ?? '')).toBe('Ada')
  expect(reader.nameOf(otherId ?? '')).toBeUndefined()
})

test('a connected stranger that says 10 kB, rubbish, or too much has no name', async () => {
  const bob = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] })
  const say = async (bytes: Uint8Array): Promise<{ stranger: string; stream: Stream }> => {
    const client = await plainClient()
    const stream = await (await client.dial(multiaddr(whereIs(bob)))).newStream(NAME_PROTOCOL)
    stream.send(bytes)
    void stream.close().catch(() => undefined)
    return { stranger: client.peerId.toString(), stream }
  }
  const large = await say(new TextEncoder().encode('a'.repeat(10_240)))
  await expect.poll(() => large.stream.status).toBe('reset')
  expect(nameSeen(bob, large.stranger)()).toBeUndefined()
  const emoji = await say(new TextEncoder().encode('👩\u200D👩\u200D👧 \u202EevE'))
  await expect.poll(nameSeen(bob, emoji.stranger)).toBe('👩👩👧 evE')
  const rubbish = await say(Uint8Array.of(0xff, 0xfe, 0x41, 0x00))
  await expect.poll(nameSeen(bob, rubbish.stranger)).toBe('��A')
})

test('what a relay says of names and room are fields of their own, which older peers skip', async () => {
  const [hub, ada] = await Promise.all([relay({ room: () => 7 }), peerNamed('Ada')])
  await join(hub, ada)
  const { stream } = await strangerSays(hub)
  const splitter = new FieldSplitter()
  const fields: Field[] = []
  stream.addEventListener('message', ({ data }) => void fields.push(...splitter.push(data.subarray())))
  await expect.poll(() => fields.map(({ tag }) => tag)).toEqual(expect.arrayContaining([HERE, NAMED, ROOM]))
  // A reader of the first version knows HERE, which is as it was.
  const told = fields.find(({ tag }) => tag === HERE)
  expect(readAnnouncement(told?.bytes ?? new Uint8Array()).id.toString()).toBe(ada.peerId)
  expect(stream.status).toBe('open')
})

test('a relay says for how many more it has room', async () => {
  const hub = await relay({ room: () => 112 })
  const bob = await glia()
  await join(hub, bob)
  await expect.poll(() => bob.mesh.relays()[0]?.room).toBe(112)
})
