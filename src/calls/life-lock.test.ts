import { beforeEach, afterEach, expect, test, vi } from 'vitest'
import { DeathWatch, holdForLife, holdForPeer, livingPeers } from './life-lock.ts'
import { newLifeLock } from './protocol.ts'
import { TestLocks } from './test-locks.ts'

beforeEach(() => void vi.stubGlobal('navigator', { locks: new TestLocks() }))
afterEach(() => void vi.unstubAllGlobals())

test('a lock is held until its holder ends, and not after', async () => {
  const [lock, deaths, life] = [newLifeLock(), new DeathWatch(), new AbortController()]
  expect(await deaths.isAlive(lock)).toBe(false)
  await holdForLife(lock, life.signal)
  expect(await deaths.isAlive(lock)).toBe(true)
  life.abort()
  await expect.poll(() => deaths.isAlive(lock)).toBe(false)
})

test('a holder that has ended already holds nothing', async () => {
  const [lock, deaths] = [newLifeLock(), new DeathWatch()]
  await holdForLife(lock, AbortSignal.abort())
  await expect.poll(() => deaths.isAlive(lock)).toBe(false)
})

test('a death is told to each listener once, and not to one that stopped listening', async () => {
  const [lock, deaths, life] = [newLifeLock(), new DeathWatch(), new AbortController()]
  await holdForLife(lock, life.signal)
  const told: string[] = []
  deaths.onDeath(lock, () => told.push('one'))
  deaths.onDeath(lock, () => told.push('stopped'))()
  new DeathWatch().onDeath(lock, () => told.push('elsewhere'))
  expect(told).toEqual([])
  life.abort()
  await expect.poll(() => told).toEqual(['one', 'elsewhere'])
  deaths.onDeath(lock, () => told.push('later'))
  await expect.poll(() => told).toEqual(['one', 'elsewhere', 'later'])
})

test('the death of one that nobody has heard of is told at once', async () => {
  const told = new Promise<void>((resolve) => new DeathWatch().onDeath(newLifeLock(), resolve))
  await expect(told).resolves.toBeUndefined()
})

test('a watcher is no sign of life', async () => {
  const [lock, deaths, life] = [newLifeLock(), new DeathWatch(), new AbortController()]
  await holdForLife(lock, life.signal)
  const died = new Promise<void>((resolve) => deaths.onDeath(lock, resolve))
  life.abort()
  await died
  expect(await deaths.isAlive(lock)).toBe(false)
})

test('the living peers are those of which a tab lives', async () => {
  const life = new AbortController()
  holdForPeer('one', life.signal)
  holdForPeer('other', new AbortController().signal)
  await holdForLife(newLifeLock())
  expect(await livingPeers()).toEqual(['one', 'other'])
  life.abort()
  await expect.poll(livingPeers).toEqual(['other'])
})
