import { expect, test } from 'vitest'
import { LoadedOnce } from './loaded-once.ts'

test('all who ask share one load, and after a failure the next one asks anew', async () => {
  const loads: PromiseWithResolvers<string>[] = []
  const once = new LoadedOnce(() => {
    const load = Promise.withResolvers<string>()
    loads.push(load)
    return load.promise
  })
  expect(once.loading).toBeUndefined()
  const both = [once.get(), once.get()]
  expect(loads).toHaveLength(1)
  loads[0]?.reject(new Error('offline'))
  for (const asked of both) await expect(asked).rejects.toThrow('offline')
  expect(once.loading).toBeUndefined()

  const again = once.get()
  loads[1]?.resolve('there')
  expect(await again).toBe('there')
  expect(await once.get()).toBe('there')
  expect(loads).toHaveLength(2)
})
