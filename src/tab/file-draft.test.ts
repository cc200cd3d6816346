import { expect, test } from 'vitest'
import { bad, good } from '../../e2e/guests/bad.ts'
import { exportFunc, exportMemory, funcType, body, memory32, wasm } from '../../e2e/guests/wasm.ts'
import { ModuleCache } from '../actors/table/module-cache.ts'
import type { Pid } from '../glia/pid.ts'
import { DEFAULT_POLICY } from '../glia/process/policy.ts'
import { type DraftTable, FileDraft } from './file-draft.ts'

const NEVER = new AbortController().signal

/** A process table for drafts: it compiles modules, and calls every process `pid`. */
function tableOf(): DraftTable & { modules: ModuleCache } {
  const modules = new ModuleCache({ load: () => Promise.reject(new Error('none is kept')), isPinned: () => false })
  return {
    modules,
    prepare: async (file, options) => {
      const order = { maxMemoryBytes: DEFAULT_POLICY.maxMemoryBytes, allowStart: true }
      const { version, inspected, blob } = await modules.add(file, order, options)
      return { ...version, ...inspected.asks, blob }
    },
    discard: (cid) => modules.drop(cid),
    spawn: () => Promise.resolve('pid' as Pid),
    spawnFrom: () => Promise.resolve('pid' as Pid),
    swap: () => Promise.resolve({}),
  }
}

function draftOf(bytes: Uint8Array<ArrayBuffer>, table: DraftTable | Promise<DraftTable> = tableOf()): FileDraft {
  return new FileDraft(new File([bytes], 'good.wasm'), Promise.resolve(table))
}

async function stepOf(draft: FileDraft): Promise<FileDraft['step']['value']> {
  await expect.poll(() => draft.step.value.stage).toMatch(/ready|refused/)
  return draft.step.value
}

test('a file is read and compiled at once, and says what it is', async () => {
  const draft = draftOf(good)
  expect(draft).toMatchObject({ fileName: 'good.wasm', name: 'good', bytes: good.length })
  expect(draft.step.value.stage).toBe('reading')
  expect(await stepOf(draft)).toMatchObject({
    stage: 'ready',
    module: { methods: ['run'], imports: [], startMemoryBytes: 65_536, maxMemoryBytes: undefined },
  })
})

test('a module without a memory asks for none', async () => {
  const bytes = wasm({ types: [funcType([], [])], funcs: [{ type: 0, body: body() }], exports: [exportFunc('run', 0)] })
  expect(await stepOf(draftOf(bytes))).toMatchObject({ module: { startMemoryBytes: 0, maxMemoryBytes: 0 } })
})

test('a module that starts with more than the default cap is ready all the same', async () => {
  const bytes = wasm({
    types: [funcType([], [])],
    funcs: [{ type: 0, body: body() }],
    memories: [memory32(5000)],
    exports: [exportMemory(), exportFunc('run', 0)],
  })
  expect(await stepOf(draftOf(bytes))).toMatchObject({ stage: 'ready', module: { startMemoryBytes: 5000 * 65_536 } })
})

test('a file that is refused says why, to who looks and to who starts it', async () => {
  const draft = draftOf(bad.text.bytes)
  expect(await stepOf(draft)).toMatchObject({ stage: 'refused', error: { code: 'ERR_BAD_MODULE' } })
  await expect(draft.spawn({}, NEVER)).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
})

test('a file that cannot be read, such as a folder, says so', async () => {
  class Folder extends File {
    override slice(): Blob {
      return this
    }

    override arrayBuffer(): Promise<ArrayBuffer> {
      return Promise.reject(new Error('not readable'))
    }
  }
  const draft = new FileDraft(new Folder(['0123456789'], 'folder'), Promise.resolve(tableOf()))
  const message = expect.stringContaining('If it is a folder')
  expect(await stepOf(draft)).toMatchObject({ stage: 'refused', error: { code: 'ERR_BAD_MODULE', message } })
})

test('who starts it before it is ready waits, but no longer than he wants', async () => {
  expect(await draftOf(good).spawn({}, NEVER)).toBe('pid')
  const aborter = new AbortController()
  const spawning = draftOf(good, new Promise(() => undefined)).spawn({}, aborter.signal)
  aborter.abort(new Error('enough'))
  await expect(spawning).rejects.toThrow('enough')
})

test('a module that nobody wants any more is not kept compiled, whenever that is said', async () => {
  const table = tableOf()
  const { modules } = table
  const ready = draftOf(good, table)
  const step = await stepOf(ready)
  const cid = step.stage === 'ready' ? step.module.cid : ''
  expect(modules.peek(cid, DEFAULT_POLICY.maxMemoryBytes)).toBeDefined()
  ready.drop()
  await expect.poll(() => modules.peek(cid, DEFAULT_POLICY.maxMemoryBytes)).toBeUndefined()
  const early = draftOf(good, table)
  early.step.subscribe(({ stage }) => stage === 'compiling' && early.drop())
  await stepOf(early)
  await expect.poll(() => modules.peek(cid, DEFAULT_POLICY.maxMemoryBytes)).toBeUndefined()
})
