import { expect, test } from 'vitest'
import { GliaError } from '../glia/errors.ts'
import { newPid } from '../glia/pid.ts'
import { createScripting, type ScriptingParts } from './script-api.ts'

test('processes of a tab watch each other also where the part for the mesh cannot be loaded', async () => {
  const ended: string[] = []
  const links = { watch: (...given: string[]) => given.join(), unwatch: (id: string) => void ended.push(id) }
  const lost = new GliaError('ERR_START', 'The part of this page that joins the mesh could not be loaded.')
  const parts = { table: { links }, watches: () => Promise.reject(lost) } as unknown as ScriptingParts
  const { watch, unwatch } = createScripting({
    boot: Promise.resolve(parts),
    served: Promise.resolve(),
    alive: new AbortController().signal,
    everything: undefined,
    client: () => 'page',
  })
  await expect(watch('/ww/0.1.0/self/root', () => undefined)).rejects.toBe(lost)
  const pids = [newPid(), newPid()] as const
  const id = await watch(...pids, 'note')
  expect(id).toBe([...pids, 'note'].join())
  await unwatch(id)
  expect(ended).toEqual([id])
})
