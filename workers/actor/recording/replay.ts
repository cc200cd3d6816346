import { WASIProcExit } from '@bjorn3/browser_wasi_shim'
import { START_NAME } from '../../../src/actors/module/module-state.ts'
import { trapMessage } from '../../../src/actors/module/trap-text.ts'
import { readEvents } from '../../../src/actors/recording/events.ts'
import { bad, isCut, missingOf, type RecordedEnd, type RunRecording } from '../../../src/actors/recording/recording.ts'
import type { ReplayProgram, ReplayResult } from '../../../src/actors/recording/recorder-api.ts'
import { NO_CALL } from '../carrier/guest-call.ts'
import { assemblyScriptImports } from '../run/assemblyscript.ts'
import { GuestWasi } from '../wasi/guest-wasi.ts'
import { Answers } from './answers.ts'
import { putState } from './guest-state.ts'
import { DETERMINED, SHAPES } from './shapes.ts'

type Call = (...values: (number | bigint)[]) => number
type Entry = () => unknown

/**
 * Runs a recorded call again. Every call of the guest is answered from the record, so it has the same clock, random
 * numbers, files, and replies of other processes, and nothing leaves this worker.
 * @throws {GliaError} ERR_BAD_REQUEST
 */
export async function replay(
  program: ReplayProgram,
  recording: RunRecording,
  reached: MessagePort,
): Promise<ReplayResult> {
  const { method, start, log, end: recordedEnd } = recording
  const missing = missingOf(recording)
  if (!log || start.kind === 'missing') throw bad(missing ?? 'it is not whole')
  const resultOf = (how: { end: RecordedEnd; trap?: string | undefined }): ReplayResult => {
    const { difference, reply, stderr, calls, isOff } = answers
    const { end, trap } = !isOff ? how : difference ? {} : { end: recordedEnd }
    return { difference, end, trap, reply, stderr, calls }
  }
  const answers = new Answers(
    readEvents(log),
    isCut(recordedEnd) ? () => reached.postMessage(resultOf({ end: recordedEnd })) : undefined,
  )
  const exports = await instantiate(program, answers)
  const entry = entryOf(exports, method)
  if (!entry) throw bad(`this module has no method ${method}`)
  if (start.kind === 'memory') {
    if (!program.state) throw bad('the memory of this module cannot be put back')
    putState(exports, program.state, start)
  } else if (start.initialized) {
    for (const name of [START_NAME, '_initialize']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await entryOf(exports, name)?.()
    }
  }
  answers.beginMessage()
  const ended = await run(entry)
  answers.finish(ended.end, recordedEnd)
  return resultOf(ended)
}

async function instantiate({ module, args, env }: ReplayProgram, answers: Answers): Promise<WebAssembly.Exports> {
  const stdio = { call: NO_CALL, writeError: () => 0, waitFor: () => undefined, nudge: () => undefined }
  const wasi = new GuestWasi({ stdio, isCommand: false, args, env, maxOpenFiles: 0 })
  const own = wasi.imports()
  let made: WebAssembly.Memory | undefined
  const memory = (): ArrayBuffer => made?.buffer ?? new ArrayBuffer(0)
  const functions = Object.keys(SHAPES).map((name): [string, Call] => {
    const determined = DETERMINED.has(name) ? (own[name] as Call) : undefined
    return [name, (...values) => answers.answer(name, values, memory(), determined)]
  })
  const imports = {
    wasi_snapshot_preview1: Object.fromEntries(functions),
    env: {
      ...assemblyScriptImports(memory, (text) => answers.trace(text)),
      seed: () => answers.answer('seed', [], memory()),
    },
  }
  const { exports } = await WebAssembly.instantiate(module, imports)
  if (exports['memory'] instanceof WebAssembly.Memory) made = exports['memory']
  if (made) wasi.attach(made)
  return exports
}

/** Called as in an actor worker: on a stack of its own, where the browser has it. */
function entryOf(exports: WebAssembly.Exports, name: string): Entry | undefined {
  const exported = exports[name]
  if (typeof exported !== 'function') return undefined
  return 'promising' in WebAssembly ? WebAssembly.promising(exported as Entry) : (exported as Entry)
}

async function run(entry: Entry): Promise<{ end: RecordedEnd; trap: string | undefined }> {
  try {
    const value = await entry()
    const code = typeof value === 'number' ? value : 0
    return { end: { status: code === 0 ? 'ok' : 'failed', code }, trap: undefined }
  } catch (thrown) {
    if (thrown instanceof WASIProcExit) {
      return { end: { status: thrown.code === 0 ? 'ok' : 'exited', code: thrown.code }, trap: undefined }
    }
    return { end: { status: 'trapped', code: 0 }, trap: trapMessage(thrown) }
  }
}
