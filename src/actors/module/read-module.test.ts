import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bad, good } from '../../../e2e/guests/bad.ts'
import { GliaError } from '../../glia/errors.ts'
import { builtActorWorker } from '../../node/test-worker.ts'
import { watchedWorkers } from '../../node/test-processes.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import { readModule, readModuleBeside } from './read-module.ts'
import { sha256 } from './sha256.ts'

const ORDER = { maxMemoryBytes: 4 * 65_536 }
const MiB = 1024 * 1024

let worker: Awaited<ReturnType<typeof builtActorWorker>>
/** Workers that were started, and whether they have been ended. */
const { workers, createWorker } = watchedWorkers(() => worker.script)

beforeAll(async () => {
  installErrorTransfer()
  worker = await builtActorWorker()
})
afterAll(() => worker.remove())

/** The module with a custom section (id 0, named `x`) of so many bytes at its end. */
function padded(bytes: Uint8Array, by: number): Uint8Array<ArrayBuffer> {
  const length = by + 2
  const leb = [0, 7, 14, 21].map((shift) => ((length >> shift) & 0x7f) | (shift < 21 ? 0x80 : 0))
  const head = Uint8Array.from([...bytes, 0, ...leb, 1, 0x78])
  const whole = new Uint8Array(head.length + by)
  whole.set(head)
  return whole
}

test('a small module is read where one is', async () => {
  const read = await readModuleBeside(createWorker, new Blob([good]), ORDER)
  expect(read).toMatchObject({ hash: await sha256(good), moduleBytes: good.length, copy: undefined })
  expect(workers.length).toBe(0)
})

test('a large one is read in a worker, which is then ended', async () => {
  const large = padded(good, 3 * MiB)
  const seen: number[] = []
  const onProgress = (doneBytes: number): void => void seen.push(doneBytes)
  const read = await readModuleBeside(createWorker, new Blob([large]), { ...ORDER, copy: true }, { onProgress })
  const here = await readModule(new Blob([large]), ORDER)
  expect(read).toMatchObject({ hash: here.hash, moduleBytes: large.length, inspected: { methods: ['run'] } })
  expect(read.inspected.memoryLimitBytes).toBe(ORDER.maxMemoryBytes)
  expect(await WebAssembly.instantiate(read.inspected.module)).toBeInstanceOf(WebAssembly.Instance)
  expect(await sha256(new Uint8Array((await read.copy?.arrayBuffer()) ?? []))).toEqual(here.hash)
  expect(seen[0]).toBeGreaterThan(0)
  expect(workers).toEqual([{ ended: true }])
})

test('one that is compiled already is not compiled again', async () => {
  const large = new Blob([padded(good, 3 * MiB)])
  const { hash, inspected } = await readModule(large, ORDER)
  const compiled = async (asked: Uint8Array) => (String(asked) === String(hash) ? inspected : undefined)
  expect((await readModuleBeside(createWorker, large, { ...ORDER, compiled })).inspected).toBe(inspected)
})

test('what is wrong with a large one is told as it is', async () => {
  const refused = readModuleBeside(createWorker, new Blob([padded(bad.truncated.bytes, 2 * MiB)]), ORDER)
  await expect(refused).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
  expect(workers.at(-1)).toEqual({ ended: true })
})

test('giving it up ends the worker', async () => {
  const aborter = new AbortController()
  const reading = readModuleBeside(createWorker, new Blob([padded(good, 8 * MiB)]), ORDER, { signal: aborter.signal })
  aborter.abort(new GliaError('ERR_ABORTED', 'enough'))
  await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  expect(workers.at(-1)).toEqual({ ended: true })
})

test.each([
  ['does not come', () => new Promise<never>(() => undefined)],
  ['comes and says nothing', async () => Object.assign(new MessageChannel().port1, { terminate: () => undefined })],
])('a worker whose script %s is given up after a while, for nothing else has a deadline', async (_, silent) => {
  vi.useFakeTimers()
  try {
    const reading = readModuleBeside(silent as () => Promise<never>, new Blob([padded(good, 2 * MiB)]), ORDER)
    reading.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(30_000)
    await expect(reading).rejects.toMatchObject({ code: 'ERR_START' })
  } finally {
    vi.useRealTimers()
  }
})

test('giving it up while the worker’s script does not come ends the wait, and the worker if it comes after all', async () => {
  const aborter = new AbortController()
  const script = Promise.withResolvers<void>()
  const late = (): Promise<Worker> => script.promise.then(createWorker)
  const before = workers.length
  const reading = readModuleBeside(late, new Blob([padded(good, 2 * MiB)]), ORDER, { signal: aborter.signal })
  aborter.abort(new GliaError('ERR_ABORTED', 'enough'))
  await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  script.resolve()
  await expect.poll(() => workers.slice(before)).toEqual([{ ended: true }])
})

test('a module that is packed with gzip is unpacked, and kept as it is then', async () => {
  const read = await readModule(new Blob([await packed(good)]), ORDER)
  expect(read).toMatchObject({ hash: await sha256(good), moduleBytes: good.length })
  expect(new Uint8Array((await read.copy?.arrayBuffer()) ?? new ArrayBuffer(0))).toEqual(good)
})

test('what is packed and is no module, has too much in it or is damaged, is refused in words', async () => {
  const tar = new Uint8Array(MiB)
  tar.set(new TextEncoder().encode('name'))
  tar.set(new TextEncoder().encode('ustar'), 257)
  await expect(readModule(new Blob([await packed(tar)]), ORDER)).rejects.toThrow(/tar archive/)
  const bomb = padded(good, 300 * MiB - good.length)
  await expect(readModule(new Blob([await packed(bomb)]), ORDER)).rejects.toThrow(/more than 256 MiB/)
  await expect(readModule(new Blob([await packed(await packed(good))]), ORDER)).rejects.toThrow(/in a gzip archive/)
  const damaged = (await packed(good)).slice(0, -10)
  await expect(readModule(new Blob([damaged]), ORDER)).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
})

async function packed(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
