import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cGuest } from '../../../e2e/guests/c-guest.ts'
import { changeNumber } from '../../../e2e/guests/change-number.ts'
import { goGuest } from '../../../e2e/guests/go-guest.ts'
import { guest } from '../../../e2e/guests/guests.ts'
import { rustKeeper } from '../../../e2e/guests/rust-guest.ts'
import { cancellation } from '../../glia/cancel.ts'
import { GliaError } from '../../glia/errors.ts'
import { SILENT } from '../../glia/log.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { CallTrace } from '../../glia/trace/call-trace.ts'
import { threadWorker } from '../../node/root/thread-worker.ts'
import { makeProcesses, type TestProcesses } from '../../node/test-processes.ts'
import { builtActorWorker, builtRecorder } from '../../node/test-worker.ts'
import { HASH_ENTRY_BYTES } from '../snapshot/cbor-file.ts'
import { olderFile } from '../snapshot/test-older-file.ts'
import type { SpawnOptions } from '../table/spawn-options.ts'
import { installErrorTransfer } from '../worker/comlink-errors.ts'
import type { ActorRecorder } from '../worker/worker-actor.ts'
import { type CallRecording, decodeCallFile, encodeCallFile } from './call-file.ts'
import { CallRecordings, type KeptRecording, type RecordingStore } from './call-recordings.ts'
import { readEvents } from './events.ts'
import { readSharedLog, type RecordedEnd, type RunBegin, type SharedLog } from './recording.ts'
import type { ReplayResult } from './recorder-api.ts'
import { replayCall } from './replay-call.ts'
import { switchRecorder } from './switch-recorder.ts'

const tabs: TestProcesses[] = []
let actor: Awaited<ReturnType<typeof builtActorWorker>>
let recorder: typeof actor
let chance: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  installErrorTransfer()
  chance = await guest('chance')
  ;[actor, recorder] = await Promise.all([builtActorWorker(), builtRecorder()])
}, 120_000)
afterEach(async () => {
  await Promise.all(tabs.splice(0).map(({ table }) => table.stop()))
})
afterAll(async () => {
  await actor.remove()
  await recorder.remove()
})

const createWorker = async (): Promise<Worker> => threadWorker(recorder.script)

/** A process whose calls can be recorded. */
async function makeRecorded(module: Uint8Array<ArrayBuffer>, options: SpawnOptions = {}) {
  const tab = makeProcesses({ script: actor.script, trace: new CallTrace() })
  tabs.push(tab)
  const pid = await tab.table.spawn(module, options)
  const recordings = new CallRecordings({ createWorker, log: SILENT, changed: () => undefined })
  const { recorder: watchedRecorder, eventsSoFar } = watched(recordings.of(pid))
  const record = (isOn = true): Promise<boolean> => switchRecorder(tab.entry(pid), isOn ? watchedRecorder : undefined)
  /** Calls a method. @returns its reply, and the recording. */
  const last = (): Promise<CallRecording> => recordings.load(recordings.list().at(-1)?.id ?? -1)
  const call = async (method: string, message = ''): Promise<{ reply: string; recorded: CallRecording }> => {
    const reply = await tab.call(pid, method, message)
    return { reply, recorded: await last() }
  }
  return { tab, pid, record, call, last, recordings, eventsSoFar }
}

/** A recorder, and how many events the message that runs, or ran last, has in its log. */
function watched(inner: ActorRecorder): { recorder: ActorRecorder; eventsSoFar: () => number } {
  let log: SharedLog | undefined
  const begin: ActorRecorder['begin'] = (program) => {
    const recorded = inner.begin(program)
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }: MessageEvent<RunBegin>) => {
      log = data.shared ?? log
      recorded.port.postMessage(data)
    }
    return { ...recorded, port: port2 }
  }
  const eventsSoFar = (): number => (log ? readEvents(readSharedLog(log) ?? new Uint8Array()).length : 0)
  return { recorder: { ...inner, begin }, eventsSoFar }
}

/** Makes a file of a recording, reads it, and replays it. */
async function replayed(recorded: CallRecording, module: Uint8Array<ArrayBuffer>): Promise<ReplayResult> {
  const file = await decodeCallFile(await encodeCallFile({ call: recorded, module: undefined }))
  return replayCall(file.call, { module, createWorker })
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const LANGUAGES: readonly (readonly [string, () => Promise<Uint8Array | undefined>])[] = [
  ['C', () => cGuest('keeper')],
  ['Rust', rustKeeper],
  ['Go', goGuest],
  ['AssemblyScript', () => guest('keeper')],
]

test.each(LANGUAGES)(
  'a process in %s goes on when its calls are recorded, and each of them is replayed with the same bytes',
  async (_, build) => {
    const bytes = (await build())?.slice()
    if (!bytes) return
    const { pid, call, record, tab } = await makeRecorded(bytes)
    expect(await tab.call(pid, 'note', 'a')).toBe('1 a | a')
    expect(await record()).toBe(true)
    for (const [message, expected] of [
      ['b', '2 b a | ab'],
      ['c', '3 c b a | abc'],
    ] as const) {
      const { reply, recorded } = await call('note', message)
      expect(reply).toBe(expected)
      const result = await replayed(recorded, bytes)
      expect(result).toMatchObject({ difference: undefined, end: { status: 'ok', code: 0 } })
      expect(text(result.reply)).toBe(expected)
    }
    expect(await record(false)).toBe(true)
    expect(await tab.call(pid, 'note', 'd')).toBe('4 d c b a | abcd')
  },
  120_000,
)

describe('what depends on the moment is as it was:', () => {
  test.each([
    ['waiting', 'wait'],
    ['a trap', 'crash'],
    ['a failure with its code', 'sum'],
  ])('%s', async (_, method) => {
    const { record, call } = await makeRecorded(chance)
    await record()
    const { recorded } = await call(method, 'four')
    const result = await replayed(recorded, chance)
    expect(result.difference).toBeUndefined()
    expect(result.end).toEqual(recorded.end)
  })

  test('the clocks, random numbers and the log', async () => {
    const { record, call } = await makeRecorded(chance)
    await record()
    const { reply, recorded } = await call('luck')
    const result = await replayed(recorded, chance)
    expect(result.difference).toBeUndefined()
    expect(text(result.reply)).toBe(reply)
    expect(text(result.stderr)).toBe('lucky\n')
  })

  test('files that are read and written', async () => {
    const { record, call, pid, tab } = await makeRecorded(chance)
    await tab.table.files.import(pid, { book: 'an old story' })
    await record()
    const { reply, recorded } = await call('swap', 'a new story')
    expect(reply).toBe('an old story')
    expect((await call('swap', 'x')).reply).toBe('a new story')
    const result = await replayed(recorded, chance)
    expect(result.difference).toBeUndefined()
    expect(text(result.reply)).toBe('an old story')
  })

  test('a command, with its arguments', async () => {
    const cmd = await guest('cmd')
    const { record, call } = await makeRecorded(cmd, { name: 'shout', args: ['loud'] })
    await record()
    // The first message has an instance that was made before, the others have fresh ones.
    for (const message of ['one', 'two']) {
      const { reply, recorded } = await call('_start', message)
      expect(reply).toBe(`shout loud\n${message.toUpperCase()}`)
      const result = await replayed(recorded, cmd)
      expect(result.difference).toBeUndefined()
      expect(text(result.reply)).toBe(reply)
    }
  })

  test('the replies of other processes, which are not called again', async () => {
    const ask = await guest('ask')
    const { record, call, tab } = await makeRecorded(ask, { policy: { call: 'owner' } })
    await tab.table.ensureRoot(chance)
    await record()
    const { reply, recorded } = await call('ask', 'ww/0.1.0/self/root/sum\nhello')
    expect(reply).toBe('1 messages, sum 123456794\n')
    const result = await replayed(recorded, ask)
    expect(result.difference).toBeUndefined()
    expect(text(result.reply)).toBe(reply)
  })
})

describe('another module', () => {
  test('shows the first byte of the reply that differs', async () => {
    const { record, call } = await makeRecorded(chance)
    await record()
    const { recorded } = await call('sum', 'hello')
    const { difference, reply, end } = await replayed(recorded, changeNumber(chance, 123_456_789, 123_456_780))
    expect(difference).toMatchObject({ kind: 'bytes', where: 'reply', offset: 23 })
    if (difference?.kind !== 'bytes') return
    expect(text(difference.recorded)).toBe('1 messages, sum 123456794')
    expect(text(difference.replayed)).toBe('1 messages, sum 123456785')
    expect(text(reply)).toBe('1 messages, sum 123456785\n')
    expect(end).toEqual({ status: 'ok', code: 0 })
  })

  test('shows the call that is not the recorded one', async () => {
    const { record, call } = await makeRecorded(chance)
    await record()
    const { recorded } = await call('luck')
    const { difference, end } = await replayed({ ...recorded, method: 'wait' }, chance)
    expect(difference).toMatchObject({ kind: 'call', call: 1 })
    expect(difference).toMatchObject({ recorded: 'clock_time_get(0, 1)', replayed: 'clock_time_get(1, 1)' })
    expect(end).toBeUndefined()
  })

  test('shows another end', async () => {
    const { record, call } = await makeRecorded(chance)
    await record()
    const { recorded } = await call('sum', 'four')
    expect(recorded.end).toEqual({ status: 'failed', code: 4 })
    const { difference } = await replayed({ ...recorded, end: { status: 'ok', code: 0 } }, chance)
    expect(difference).toEqual({
      kind: 'end',
      recorded: { status: 'ok', code: 0 },
      replayed: { status: 'failed', code: 4 },
    })
  })

  test('that has no such method is refused', async () => {
    const { record, call } = await makeRecorded(chance)
    await record()
    const { recorded } = await call('luck')
    await expect(replayed(recorded, await guest('duplex'))).rejects.toMatchObject({
      code: 'ERR_BAD_REQUEST',
      message: expect.stringContaining('has no method luck') as unknown,
    })
  })
})

describe('a call whose worker is ended is recorded until then:', () => {
  test.each([
    ['late', (tab, pid) => tab.call(pid, 'hang')],
    [
      'cancelled',
      async (tab, pid, written) => {
        const stream = tab.open(pid, 'hang')
        await stream.closeWrite()
        await written()
        stream.abort(cancellation())
      },
    ],
    [
      'stopped',
      async (tab, pid, written) => {
        tab.open(pid, 'hang')
        await written()
        await tab.table.kill(pid)
      },
    ],
  ] as readonly [RecordedEnd['status'], (tab: TestProcesses, pid: string, written: () => Promise<void>) => unknown][])(
    '%s',
    async (status, end) => {
      const { tab, pid, record, last, recordings, eventsSoFar } = await makeRecorded(chance)
      await record()
      // Its worker is there, so that the deadline is that of the method.
      await tab.call(pid, 'sum')
      if (status === 'late') await tab.table.setPolicy(pid, { deadlineMs: 1000 })
      // The caller may have the byte of the reply before the call that wrote it is in the log.
      await end(tab, pid, async () => {
        await expect.poll(eventsSoFar).toBe(2)
      })
      await expect.poll(() => recordings.list().length).toBe(2)
      const recorded = await last()
      expect(recorded.end).toEqual({ status, code: 0 })
      const result = await replayed(recorded, chance)
      expect(result).toMatchObject({ difference: undefined, end: { status } })
      expect(result.reply).toHaveLength(1)
      // Another version of the program that comes to an end differs in that.
      const ends = await replayed({ ...recorded, method: 'crash' }, chance)
      expect(ends.difference).toMatchObject({ kind: 'end', replayed: { status: 'trapped' } })
      expect(ends.reply).toEqual(result.reply)
    },
  )
})

test('recorded calls are kept for the next page, and forgotten with the others', async () => {
  const kept = new Map<number, KeptRecording>()
  const store: RecordingStore = {
    all: async () => [...kept.values()],
    put: async (recording) => void kept.set(recording.id, recording),
    remove: async (ids) => ids.forEach((id) => kept.delete(id)),
  }
  const { tab, pid } = await makeRecorded(chance)
  const init = { createWorker, log: SILENT, changed: () => undefined, store }
  const before = new CallRecordings(init)
  await switchRecorder(tab.entry(pid), before.of(pid))
  const stream = tab.open(pid, 'luck')
  await stream.closeWrite()
  const reply = await readAll(stream)
  const now = new CallRecordings(init)
  await now.restore()
  const [call] = now.list()
  const result = await replayed(await now.load(call?.id ?? -1), chance)
  expect(result.reply).toEqual(reply)
  await now.clear()
  expect([now.list().length, kept.size]).toEqual([0, 0])
})

test('a call that reads too much says that it cannot be replayed', async () => {
  const { record, tab, pid, last, recordings } = await makeRecorded(await guest('trouble'))
  await record()
  await tab.call(pid, 'slurp', 'x'.repeat(9 * 1024 * 1024))
  expect(recordings.list().at(-1)?.missing).toContain('more than 8 MiB')
  await expect(last()).rejects.toMatchObject({
    code: 'ERR_BAD_REQUEST',
    message: expect.stringContaining('more than 8 MiB') as unknown,
  })
})

test('the oldest recordings go when there are too many bytes', async () => {
  const tab = makeProcesses({ script: actor.script })
  tabs.push(tab)
  const pid = await tab.table.spawn(chance, {})
  const recordings = new CallRecordings({ createWorker, log: SILENT, maxBytes: 1, changed: () => undefined })
  await switchRecorder(tab.entry(pid), recordings.of(pid))
  for (let i = 0; i < 3; i++) await tab.call(pid, 'sum')
  expect(recordings.list().length).toBeLessThan(2)
})

test('a damaged file is refused with a typed error, or replays to an end', async () => {
  const { record, call } = await makeRecorded(chance)
  await record()
  const { recorded } = await call('luck')
  const blob = await encodeCallFile({ call: recorded, module: chance })
  // The checks of its parts, which a file of an older version needs.
  const bytes = await olderFile(blob, 9)
  const damage = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255), cut: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      let copy = bytes.slice()
      for (const { at, value, cut } of damages) {
        if (cut) copy = copy.slice(0, at)
        else if (at < copy.length) copy[at] = value
      }
      const outcome = await decodeCallFile(new Blob([copy])).then(
        ({ call: read, module }) => (module === undefined || read.cid === recorded.cid ? 'whole' : 'wrong'),
        (thrown: unknown) => (thrown instanceof GliaError ? thrown.code : String(thrown)),
      )
      expect(['whole', 'ERR_BAD_REQUEST']).toContain(outcome)
    }),
    { numRuns: 2000 },
  )
}, 120_000)

test('a file with any wrong byte is refused, and one of an older version is read', async () => {
  const { record, call } = await makeRecorded(chance)
  await record()
  const { recorded } = await call('luck')
  const file = await encodeCallFile({ call: recorded, module: chance })
  expect((await decodeCallFile(new Blob([await olderFile(file, 9)]))).call).toEqual(recorded)
  const whole = new Uint8Array(await file.arrayBuffer())
  const step = Math.ceil(whole.length / 2000)
  for (let at = 0; at < whole.length - HASH_ENTRY_BYTES; at += step) {
    const bytes = whole.slice()
    bytes[at] = Number(bytes[at]) ^ 1
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect.soft(decodeCallFile(new Blob([bytes])), `byte ${at}`).rejects.toThrow(GliaError)
  }
})

test('a damaged log makes the replay differ, or is refused', async () => {
  const { record, call } = await makeRecorded(chance)
  await record()
  const { recorded } = await call('sum', 'hello')
  const { log } = recorded
  if (!log) throw new Error('it has a log')
  for (let at = 0; at < log.length; at += 7) {
    const copy = log.slice()
    copy[at] = 255 - Number(copy[at])
    const outcome = await replayed({ ...recorded, log: copy }, chance).then(
      () => 'replayed',
      (thrown: unknown) => (thrown instanceof GliaError ? thrown.code : String(thrown)),
    )
    expect(['replayed', 'ERR_BAD_REQUEST']).toContain(outcome)
  }
}, 120_000)
