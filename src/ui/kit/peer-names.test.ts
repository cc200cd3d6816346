import { afterEach, expect, test } from 'vitest'
import { nameOfPeer, namesakesOf, peerNames, peerWords } from './peer-names.ts'

const ADA = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const EVE = '12D3KooWQnbwAQ2xCTmehvi5TD42MLDfyFZPvo34kq5aXtbvbSLA'

afterEach(() => void (peerNames.value = { given: {}, announced: new Map() }))

test('a name that the person gave looks other than one that the peer announces, and the id is always there', () => {
  peerNames.value = { given: { [ADA]: 'Ada' }, announced: new Map([[EVE, 'Ada']]) }
  expect(peerWords(ADA)).toBe('Ada …x6nXTN')
  expect(peerWords(EVE)).toBe('“Ada” …bvbSLA')
  expect(namesakesOf(EVE, 'ada')).toEqual([ADA])
  expect(namesakesOf(ADA, 'Ada')).toEqual([])
})

test('two peers that announce the same name are told apart', () => {
  peerNames.value = { given: {}, announced: new Map([ADA, EVE].map((id) => [id, 'Ada'])) }
  expect(peerWords(ADA)).not.toBe(peerWords(EVE))
})

test('the name that the person gave counts before the announced one', () => {
  peerNames.value = { given: { [ADA]: 'my Ada' }, announced: new Map([[ADA, 'Countess']]) }
  expect(nameOfPeer(ADA)).toEqual({ text: 'my Ada', isGiven: true })
})

test('a name that is written from right to left does not turn the words around it', () => {
  peerNames.value = { given: { [ADA]: 'מרים' }, announced: new Map() }
  expect(peerWords(ADA)).toBe('\u2068מרים\u2069 …x6nXTN')
})

test('a peer without a name is shown by its id, and what is no id has no name', () => {
  expect(peerWords(ADA)).toBe('…x6nXTN')
  expect(nameOfPeer('constructor')).toBeUndefined()
})
