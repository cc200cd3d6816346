import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import type { SpawnOptions } from '../../actors/table/spawn-options.ts'
import { GliaError } from '../../glia/errors.ts'
import type { Draft, DraftStep } from '../model.ts'
import { SpawnQueue } from './spawn-queue.ts'

interface Spawned {
  name: string
  options: SpawnOptions
}

/** A queue whose files become processes named after them. `bad` is refused, and `late` never finishes starting. */
function queueOf(...names: string[]): { queue: SpawnQueue; spawned: Spawned[]; started: string[]; dropped: string[] } {
  const spawned: Spawned[] = []
  const started: string[] = []
  const dropped: string[] = []
  const draft = ({ name }: File): Draft => {
    const step = signal<DraftStep>({ stage: 'reading', doneBytes: 0 })
    const error = { code: 'ERR_BAD_MODULE', message: 'no module', at: 0 }
    if (name === 'bad') step.value = { stage: 'refused', error }
    return {
      fileName: name,
      name,
      bytes: 1,
      since: 0,
      step,
      snapshot: Promise.resolve(undefined),
      async spawn(options, cancelled) {
        if (name === 'late') await new Promise((_, reject) => (cancelled.onabort = () => reject(cancelled.reason)))
        if (name === 'broken') throw new GliaError('ERR_START', 'it does not start')
        spawned.push({ name, options })
        return `pid of ${name}`
      },
      swap: () => Promise.reject(new Error('not here')),
      drop: () => dropped.push(name),
    }
  }
  const queue = new SpawnQueue({ draft, started: (pid) => started.push(pid) })
  queue.add(names.map((name) => new File([], name)))
  return { queue, spawned, started, dropped }
}

function shown(queue: SpawnQueue): string | undefined {
  return queue.sheet.value?.draft.fileName
}

test('one sheet after the other, each as new', async () => {
  const { queue, spawned, started } = queueOf('a', 'b')
  expect([shown(queue), queue.sheet.value?.at, queue.waiting.value.length]).toEqual(['a', 1, 1])
  queue.edit({ name: 'renamed', args: '-v' })
  await queue.start(false)
  expect([shown(queue), queue.sheet.value?.at, queue.form.value.name, queue.form.value.args]).toEqual(['b', 2, 'b', ''])
  await queue.start(false)
  expect(shown(queue)).toBeUndefined()
  expect(spawned.map(({ options }) => options.name)).toEqual(['renamed', 'b'])
  expect(started).toEqual(['pid of a', 'pid of b'])
})

test('all are started with the settings of the first, under their own names', async () => {
  const { queue, spawned } = queueOf('a', 'b', 'c')
  queue.edit({ args: '-v' })
  await queue.start(true)
  await expect.poll(() => shown(queue)).toBeUndefined()
  expect(spawned.map(({ options }) => [options.name, options.args])).toEqual([
    ['a', ['-v']],
    ['b', ['-v']],
    ['c', ['-v']],
  ])
})

test('what does not start keeps its sheet, says why, and the others go on after it', async () => {
  const { queue, started } = queueOf('a', 'broken', 'c')
  await queue.start(true)
  await expect.poll(() => queue.sheet.value?.attempt.error.value?.code).toBe('ERR_START')
  expect(shown(queue)).toBe('broken')
  queue.skip()
  await expect.poll(() => shown(queue)).toBeUndefined()
  expect(started).toEqual(['pid of a', 'pid of c'])
})

test('a refused file is not started', async () => {
  const { queue, started } = queueOf('bad', 'b')
  await queue.start(false)
  expect([shown(queue), started]).toEqual(['bad', []])
  queue.skip()
  expect(shown(queue)).toBe('b')
})

test('fields that mean nothing are told, and watched until they do', async () => {
  const { queue, started } = queueOf('a')
  queue.edit({ mailbox: 'many' })
  expect(queue.errors.value).toEqual({})
  await queue.start(false)
  expect([started, Object.keys(queue.errors.value)]).toEqual([[], ['mailbox']])
  queue.edit({ mailbox: '7' })
  expect(queue.errors.value).toEqual({})
})

test('to cancel gives up what is under way and all that waits', async () => {
  const { queue, started, dropped } = queueOf('late', 'b')
  const starting = queue.start(false)
  queue.cancel()
  await starting
  expect([shown(queue), started, dropped]).toEqual([undefined, [], ['late']])
  queue.add([new File([], 'c')])
  expect([shown(queue), queue.sheet.value?.at]).toEqual(['c', 1])
})

test('files that are given meanwhile wait for their turn', () => {
  const { queue } = queueOf('a')
  queue.add([new File([], 'b')])
  expect([shown(queue), queue.waiting.value.map(({ name }) => name)]).toEqual(['a', ['b']])
})
