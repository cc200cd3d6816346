import { effect, signal } from '@preact/signals'
import { expect, test } from 'vitest'
import type { ProcessView } from './model.ts'
import { namesOf } from './process-names.ts'

function process(pid: string, name: string, messages = 0): ProcessView {
  return { pid, name, messages } as ProcessView
}

test('names are told when one changes, and not for calls', () => {
  const processes = signal([process('a', 'root'), process('b', 'counter')])
  const names = namesOf(processes)
  const told: string[] = []
  const stop = effect(() => void told.push([...names.value.values()].join()))
  for (let i = 1; i < 5; i++) processes.value = [process('a', 'root', i), process('b', 'counter', i)]
  expect(told).toEqual(['root,counter'])
  processes.value = [process('a', 'root'), process('b', 'adder')]
  processes.value = [process('a', 'root')]
  processes.value = [process('a', 'root'), process('c', 'adder')]
  expect(told).toEqual(['root,counter', 'root,adder', 'root', 'root,adder'])
  stop()
})
