import { expect, test } from 'vitest'
import { Crowd, Sample } from './sample.ts'

function crowdOf(groups: Readonly<Record<string, number>>): Crowd {
  const crowd = new Crowd()
  for (const [group, count] of Object.entries(groups)) for (let i = 0; i < count; i++) crowd.add(`${group}-${i}`, group)
  return crowd
}

test('in a small crowd a sample has everybody but the peer itself', () => {
  const crowd = crowdOf({ a: 20, b: 10 })
  const sample = new Sample(crowd, 100, 'a-0')
  expect(sample.fill()).toHaveLength(29)
  expect(sample.has('a-0')).toBe(false)
  crowd.add('c-0', 'c')
  expect(sample.came('c-0')).toEqual({ taken: true })
  crowd.remove('c-0')
  expect([sample.gone('c-0'), sample.gone('c-0')]).toEqual([true, false])
  expect(sample.fill()).toEqual([])
})

test('in a large crowd a sample has its number, and who leaves is replaced', () => {
  const crowd = crowdOf({ a: 400, b: 400 })
  const sample = new Sample(crowd, 100, 'a-0')
  const picked = sample.fill()
  expect(new Set(picked).size).toBe(100)
  const [first = ''] = picked
  crowd.remove(first)
  sample.gone(first)
  const [other = ''] = sample.fill()
  expect(picked).not.toContain(other)
  expect(crowd.groupOf(other)).toBeDefined()
})

test('newcomers come into full samples as often as others were taken, and the sample stays as large', () => {
  const crowd = crowdOf({ a: 1000 })
  const sample = new Sample(crowd, 100, 'nobody')
  sample.fill()
  let taken = 0
  for (let i = 0; i < 1000; i++) {
    crowd.add(`late-${i}`, 'a')
    const change = sample.came(`late-${i}`)
    if (change.taken) taken += 1
    expect(change.left !== undefined).toBe(change.taken)
  }
  // The mean is 69, and the deviation is 8.
  expect(taken).toBeGreaterThan(20)
  expect(taken).toBeLessThan(130)
})

test('a group with a thousand ids takes no larger part than a small one', () => {
  const crowd = crowdOf({ flooder: 1000, honest: 60 })
  const sample = new Sample(crowd, 100, 'nobody')
  const honest = sample.fill().filter((id) => id.startsWith('honest')).length
  expect(honest).toBeGreaterThan(25)
  for (let i = 1000; i < 3000; i++) {
    crowd.add(`flooder-${i}`, 'flooder')
    sample.came(`flooder-${i}`)
  }
  const left = [...crowd.all()].filter((id) => id.startsWith('honest') && sample.has(id)).length
  // With 50 of each, one of either group may have to leave.
  expect(left).toBeGreaterThanOrEqual(Math.min(honest, 49))
})

test('a crowd forgets groups without members, and picks among the rest', () => {
  const crowd = crowdOf({ a: 3, b: 1 })
  expect([crowd.remove('b-0'), crowd.remove('b-0')]).toEqual([true, false])
  crowd.remove('a-0')
  crowd.add('a-1', 'other')
  expect(crowd.size).toBe(2)
  const picked = new Set(Array.from({ length: 100 }, () => crowd.pick()))
  expect(picked).toEqual(new Set(['a-1', 'a-2']))
  for (const id of ['a-1', 'a-2']) crowd.remove(id)
  expect(crowd.pick()).toBeUndefined()
})
