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
  // The two are as heavy now: who came last goes.
  expect(queue.heaviest()?.name).toBe('tab')
  expect(queue.heaviest(() => 1, 'gate')?.client).toBe('y')
  expect(queue.heaviest(() => 0)).toBeUndefined()
})

test('it counts what waits, of all and of each', () => {
  const queue = queueOf('a', 'a', 'b.x', 'b.y')
  expect([queue.size, queue.peers, queue.sizeOf('a'), queue.sizeOf('b'), queue.sizeOf('c')]).toEqual([4, 2, 2, 2, 0])
  expect([...queue].map(({ name }) => name)).toEqual(['a', 'a', 'b.x', 'b.y'])
  served(queue)
  expect([queue.size, queue.peers]).toEqual([0, 0])
})
