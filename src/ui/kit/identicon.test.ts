import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { type IdenticonParts, identiconOf } from './identicon.tsx'

test('the same id always looks the same, another one different', () => {
  expect(identiconOf('12D3KooWa')).toEqual(identiconOf('12D3KooWa'))
  expect(identiconOf('12D3KooWa')).not.toEqual(identiconOf('12D3KooWb'))
})

/** Free cells in which two pictures differ. */
function cellsApart(one: IdenticonParts, other: IdenticonParts): number {
  return one.tones.filter((tone, i) => tone !== other.tones[i]).length
}

async function peerIds(): Promise<string[]> {
  const keys = await Promise.all(Array.from({ length: 200 }, () => generateKeyPair('Ed25519')))
  return keys.map((key) => peerIdFromPrivateKey(key).toString())
}

test.each([
  ['peers', peerIds],
  ['processes', async () => Array.from({ length: 200 }, () => newPid() as string)],
  ['peers whose ids differ in one character', async () => Array.from({ length: 200 }, (_, i) => `12D3KooW${i}`)],
])('among 200 %s no two look the same', async (_, ids) => {
  const pictures = (await ids()).map(identiconOf)
  const shapes = new Set(pictures.map(({ tones }) => tones.join('')))
  expect(shapes.size).toBe(200)
  const alike = pictures.flatMap((one, i) =>
    pictures
      .slice(i + 1)
      .filter((other) => cellsApart(one, other) < 2 && one.hue === other.hue && one.brightHue === other.brightHue),
  )
  expect(alike).toEqual([])
})

test('200 peers use all colours, and each picture has cells', async () => {
  const pictures = (await peerIds()).map(identiconOf)
  expect(new Set(pictures.map(({ hue }) => hue)).size).toBe(12)
  for (const { tones, hue, brightHue } of pictures) {
    expect(tones.filter((tone) => tone > 0).length).toBeGreaterThan(2)
    const apart = Math.abs(hue - brightHue)
    expect(Math.min(apart, 360 - apart)).toBeGreaterThanOrEqual(90)
  }
})
