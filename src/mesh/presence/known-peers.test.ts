import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { KnownPeers, type Source } from './known-peers.ts'

const RELAY: Source = { name: 'relay', isOwnRelay: true }

async function peer(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

function madeUp(name: string): PeerId {
  return { toString: () => name } as PeerId
}

function stranger(name: string): Source {
  return { name, isOwnRelay: false }
}

/** Makes a source tell of many peers. */
function fill(known: KnownPeers, source: Source, count: number): void {
  for (let i = 0; i < count; i++) known.heard(madeUp(`${source.name}-${i}`), [], source)
}

function countOf(known: KnownPeers, source: Source): number {
  return known.all.filter(({ id }) => id.toString().startsWith(`${source.name}-`)).length
}

test('a peer is new once', async () => {
  const known = new KnownPeers()
  const id = await peer()
  expect(known.heard(id, [], RELAY)).toBe(true)
  expect(known.heard(id, [], RELAY)).toBe(false)
  expect(known.size).toBe(1)
})

test('who is not heard of is forgotten, and who is stays', async () => {
  const known = new KnownPeers()
  const [quiet, loud] = [await peer(), await peer()]
  known.heard(quiet, [], RELAY, 0)
  known.heard(loud, [], RELAY, 0)
  known.heard(loud, [], RELAY, 900)
  expect(known.forgetOlderThan(500, 1000)).toBe(true)
  expect(known.get(quiet.toString())).toBeUndefined()
  expect(known.get(loud.toString())).toBeDefined()
  expect(known.forgetOlderThan(500, 1000)).toBe(false)
})

test('peers that one relay tells of do not pile up: the one not heard of for longest goes', async () => {
  const known = new KnownPeers()
  const real = await peer()
  known.heard(real, [], RELAY)
  for (let i = 0; i < 1200; i++) {
    known.heard(madeUp(`made-up-${i}`), [], RELAY)
    if (i % 100 === 0) known.heard(real, [], RELAY)
  }
  expect(known.size).toBe(1000)
  expect(known.get(real.toString())).toBeDefined()
})

test('four strangers with thousands of ids take nothing from other sources, and no more than their part', () => {
  const known = new KnownPeers()
  const [honest, late] = [stranger('honest'), stranger('late')]
  const flooders = ['a', 'b', 'c', 'd'].map(stranger)
  fill(known, honest, 20)
  fill(known, RELAY, 500)
  for (const each of flooders) fill(known, each, 1250)
  fill(known, late, 20)
  expect([countOf(known, honest), countOf(known, late), countOf(known, RELAY)]).toEqual([20, 20, 500])
  expect(flooders.map((each) => countOf(known, each))).toEqual([115, 115, 115, 115])
})

test('a relay that tells of thousands takes nothing from another one', () => {
  const known = new KnownPeers()
  const loud: Source = { name: 'loud', isOwnRelay: true }
  fill(known, RELAY, 300)
  fill(known, loud, 5000)
  expect([countOf(known, RELAY), countOf(known, loud)]).toEqual([300, 700])
})

test('who was met or called is kept before those who were only heard of', () => {
  const known = new KnownPeers(() => new Set(['connected']))
  known.called('called')
  for (const name of ['connected', 'called', 'heard-of']) known.heard(madeUp(name), [], stranger('first'))
  fill(known, stranger('first'), 5000)
  fill(known, RELAY, 5000)
  expect(['connected', 'called', 'heard-of'].map((name) => known.get(name) !== undefined)).toEqual([true, true, false])
})

test('another source that tells of a peer takes it from nobody', () => {
  const known = new KnownPeers()
  known.heard(madeUp('honest'), [], stranger('quiet'))
  known.heard(madeUp('honest'), [], stranger('loud'))
  fill(known, stranger('loud'), 5000)
  expect(known.get('honest')).toBeDefined()
})
