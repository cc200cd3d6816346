import { expect, test } from 'vitest'
import { lockDown } from './lockdown.ts'

/** A scope like those of browsers: some properties on the global object, some as getters on its prototypes. */
function makeScope() {
  class WorkerGlobalScope extends EventTarget {
    readonly kept = 'kept'
    get indexedDB(): string {
      return 'storage'
    }
    get caches(): string {
      return 'storage'
    }
    fetch(): string {
      return 'network'
    }
    importScripts(): string {
      return 'network'
    }
  }
  const scope = new WorkerGlobalScope()
  for (const name of ['BroadcastChannel', 'WebSocket', 'Worker', 'fetch']) {
    Object.defineProperty(scope, name, {
      value: () => 'outside',
      configurable: true,
      writable: true,
      enumerable: false,
    })
  }
  return scope
}

test('what leads outside is gone, from the scope and from its prototypes, and the rest stays', () => {
  const scope = makeScope()
  lockDown(scope)
  const outside = ['indexedDB', 'caches', 'fetch', 'importScripts', 'BroadcastChannel', 'WebSocket', 'Worker']
  expect(outside.filter((name) => name in scope)).toEqual([])
  expect(scope.kept).toBe('kept')
  lockDown(scope)
})

test('a worker that cannot give something up does not start', () => {
  const scope = makeScope()
  Object.defineProperty(scope, 'caches', { value: 'storage', configurable: false })
  expect(() => lockDown(scope)).toThrow('caches')
})
