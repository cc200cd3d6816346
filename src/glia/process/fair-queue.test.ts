import { expect, test } from 'vitest'
import { FairQueue } from './fair-queue.ts'

interface Item {
  peer: string
  client: string
  name: string
}

function item(name: string): Item {
  const [peer = '', client = ''] = name.split(/[.#]/)
  return { peer, client: name.includes('.') ? client : '', name }
}

function queueOf(...names: string[]): FairQueue<Item> {
  const queue = new FairQueue<Item>()
  for (const name of names) queue.add(item(name))
  return queue
}

function served(queue: FairQueue<Item>): string[] {
  const order: string[] = []
  for (let next = queue.take(); next; next = queue.take()) order.push(next.name)
  return order
}

test('peers take turns, and each is served in the order it sent', () => {
  expect(served(queueOf('a#1', 'a#2', 'a#3', 'b#1', 'c#1', 'c#2'))).toEqual(['a#1', 'b#1', 'c#1', 'a#2', 'c#2', 'a#3'])
})

test('clients of a peer share its turns, and get none of the others', () => {
  const queue = queueOf('gate.x', 'gate.x', 'gate.x', 'gate.y', 'gate.z', 'tab', 'tab', 'tab')
  expect(served(queue)).toEqual(['gate.x', 'tab', 'gate.y', 'tab', 'gate.z', 'tab', 'gate.x', 'gate.x'])
})

test('what is not accepted holds up its own client only', () => {
  const queue = queueOf('slow#1', 'slow#2', 'quick#1')
  expect(queue.take(({ name }) => name !== 'slow#1')?.name).toBe('quick#1')
  expect(queue.take(({ name }) => name !== 'slow#1')).toBeUndefined()
  expect(queue.take()?.name).toBe('slow#1')
})

test('where there is no room, the newest of the heaviest client of the heaviest peer goes', () => {
  const queue = queueOf('gate.x', 'gate.y', 'gate.y', 'tab', 'tab')
  const heaviest = queue.heaviest()
  expect(heaviest).toMatchObject({ peer: 'gate', client: 'y' })
  expect(heaviest && queue.remove(heaviest)).toBe(true)
  expect(heaviest && queue.remove(heaviest)).toBe(false)
  const other = queueOf('gate.x', 'gate.x', 'gate.y', 'tab', 'tab', 'tab', 'tab')
  expect(other.heaviest(() => 1, { peer: 'gate' })?.client).toBe('x')
  expect(other.heaviest(() => 0)).toBeUndefined()
})

test('of those that have equally many each goes in turn, peers and clients alike', () => {
  const queue = queueOf('a', 'b', 'c')
  const picked = Array.from({ length: 6 }, () => queue.heaviest()?.name)
  for (const name of ['a', 'b', 'c']) expect(picked.filter((each) => each === name)).toHaveLength(2)
  const gate = queueOf('gate.x', 'gate.y')
  expect(new Set([gate.heaviest()?.client, gate.heaviest()?.client])).toEqual(new Set(['x', 'y']))
})

test('a newcomer pushes out nobody who has no more than it', () => {
  const queue = queueOf('a', 'b.x', 'b.y', 'c')
  const add = (name: string) => {
    const newcomer = item(name)
    queue.add(newcomer)
    return Array.from({ length: 5 }, () => queue.heaviest(() => 1, { newcomer })?.name)
  }
  // b has the most items.
  expect(new Set(add('new'))).toEqual(new Set(['b.x', 'b.y']))
  expect(new Set(add('a#2'))).toEqual(new Set(['a#2']))
  expect(new Set(add('b.z'))).toEqual(new Set(['b.z']))
})

test('it counts what waits, of all and of each', () => {
  const queue = queueOf('a', 'a', 'b.x', 'b.y')
  expect([queue.size, queue.peers, queue.sizeOf('a'), queue.sizeOf('b'), queue.sizeOf('c')]).toEqual([4, 2, 2, 2, 0])
  expect([...queue].map(({ name }) => name)).toEqual(['a', 'a', 'b.x', 'b.y'])
  served(queue)
  expect([queue.size, queue.peers]).toEqual([0, 0])
})
