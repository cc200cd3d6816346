import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { guest } from '../../../e2e/guests/guests.ts'
import { newPid } from '../../glia/pid.ts'
import { glia, type TestNode, whereIs } from '../../mesh/test-nodes.ts'
import { makeProcesses, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { MemoryStore } from './test-store.ts'

let worker: Awaited<ReturnType<typeof builtActorWorker>>
const tabs: TestProcesses[] = []

beforeAll(async () => {
  installErrorTransfer()
  await Promise.all((['trouble', 'diary'] as const).map(guest))
  worker = await builtActorWorker()
})
afterEach(async () => {
  await Promise.all(tabs.splice(0).map(({ table }) => table.stop()))
})
afterAll(() => worker.remove())

/** The processes of a peer that watch over its mesh. */
function open(node: TestNode, store = new MemoryStore()): TestProcesses {
  const tab = makeProcesses({ script: worker.script, store, watchRemote: (...given) => node.mesh.watch(...given) })
  tabs.push(tab)
  return tab
}

/** A diary at one peer, and a process at another. */
async function pair() {
  const watcher = await glia()
  const watched: TestNode = await glia([], { listen: ['/ip4/127.0.0.1/tcp/0'] }, undefined, {
    watched: (pid) => far.table.watched(pid),
  })
  const far = open(watched)
  await watcher.mesh.connect(whereIs(watched))
  const store = new MemoryStore()
  const near = open(watcher, store)
  const [diary, proc] = [
    await near.table.spawn(await guest('diary'), {}),
    await far.table.spawn(await guest('trouble'), {}),
  ]
  return { watcher, watched, near, far, store, diary, proc, place: { host: watched.peerId, proc } }
}

async function noted({ call }: TestProcesses, diary: string): Promise<unknown[]> {
  const lines = (await call(diary, 'recall')).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as unknown)
}

test('a process is told of the ends of one of another peer, in the form of its other watches', async () => {
  const { near, far, diary, proc, place } = await pair()
  await (await near.table.links.remote()).watch(diary, place, 'note')
  await far.call(proc, 'exit3')
  await far.table.kill(proc)
  const address = `/ww/0.1.0/${place.host}/${proc}`
  const killed = { type: 'killed', message: 'The process was killed.' }
  await expect
    .poll(() => noted(near, diary))
    .toEqual([
      { kind: 'exited', address, pid: proc, reason: { type: 'exited', code: 3 }, final: false },
      { kind: 'killed', address, pid: proc, reason: killed, final: true },
    ])
  expect(near.entry(diary).record.watches).toEqual([])
})

test('what ends while the page of the watcher is away is told once when it is back', async () => {
  const { watcher, watched, near, far, store, diary, proc, place } = await pair()
  await (await near.table.links.remote()).watch(diary, place, 'note')
  await far.call(proc, 'exit3')
  await expect.poll(() => noted(near, diary)).toHaveLength(1)
  await store.settled()
  await watcher.mesh.stop()
  await near.table.stop()
  await far.call(proc, 'trap')
  await far.table.kill(proc)
  const back = await glia()
  await back.mesh.connect(whereIs(watched))
  const again = open(back, store)
  await again.table.restore()
  await expect
    .poll(() => noted(again, diary))
    .toMatchObject([{ kind: 'exited', reason: { type: 'trapped' } }, { kind: 'killed' }])
  await store.settled()
  expect(store.records.get(diary)?.watches).toEqual([])
})

test('an undone kill of the watcher brings its watches back, and an undone kill of the watched ends them', async () => {
  const { near, far, diary, proc, place } = await pair()
  const id = await (await near.table.links.remote()).watch(diary, place, 'note')
  await near.table.undoKill(await near.table.kill(diary))
  expect(near.entry(diary).record.watches).toMatchObject([{ id, host: place.host }])
  await far.call(proc, 'exit3')
  await expect.poll(() => noted(near, diary)).toMatchObject([{ kind: 'exited' }])
  await far.table.undoKill(await far.table.kill(proc))
  await expect.poll(() => noted(near, diary)).toMatchObject([{ kind: 'exited' }, { kind: 'killed' }])
  await (await near.table.links.remote()).watch(diary, place, 'note')
  expect(await noted(near, diary)).toHaveLength(2)
})

test('a watch that is refused, or makes no sense, leaves nothing', async () => {
  const { near, far, diary, proc, place } = await pair()
  await far.table.setPolicy(proc, { callers: 'browser' })
  const links = await near.table.links.remote()
  await expect(links.watch(diary, place, 'note')).rejects.toMatchObject({ code: 'ERR_DENIED' })
  await expect(links.watch(diary, place, 'nope')).rejects.toMatchObject({ code: 'ERR_NO_METHOD' })
  await expect(links.watch(newPid(), place, 'note')).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  expect(near.entry(diary).record.watches).toEqual([])
})
