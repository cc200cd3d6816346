import { beforeAll, describe, expect, test } from 'vitest'
import { bad, type BadName } from '../../../e2e/guests/bad.ts'
import { guest, type GuestName } from '../../../e2e/guests/guests.ts'
import { body, exportFunc, funcType, wasm } from '../../../e2e/guests/wasm.ts'
import { inspectModule } from '../../../src/actors/module/inspect.ts'
import { Ring } from '../../../src/actors/carrier/ring.ts'
import { RunStatus } from '../../../src/actors/worker/control.ts'
import { DataTree } from '../files/data-tree.ts'
import type { Mount } from '../files/mount.ts'
import { Instance, type Outcome } from './instance.ts'
import { RingStdio } from '../carrier/ring-stdio.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

/** An instance of a module, and a function that sends it whole messages. */
async function start(bytes: Uint8Array<ArrayBuffer>, args: readonly string[] = ['test'], data = new DataTree(2 ** 20)) {
  const [stdin, stdout, stderr] = [Ring.allocate(), Ring.allocate(), Ring.allocate()]
  const stdio = new RingStdio({ stdin: stdin.buffer, stdout: stdout.buffer, stderr: stderr.buffer })
  const { module, methods } = await inspectModule(bytes, 2 ** 28)
  const limits = { maxOpenFiles: 100, maxCalls: 0 }
  const around = { stdio, suspends: false, ownStack: false, data, mounts: new Map<string, Mount>() }
  const instance = await Instance.create({ module, methods, args, env: [], limits }, around)
  return {
    instance,
    /** Runs a method with a message that is there already. */
    call(method: string, message = ''): Outcome & { reply: string; log: string } {
      for (const ring of [stdin, stdout]) ring.reset()
      stdin.put(encode(message))
      stdin.end()
      const outcome = instance.run(methods.indexOf(method))
      if (outcome instanceof Promise) throw new Error('On the stack of its thread nothing is awaited.')
      return { ...outcome, reply: decode(stdout.take()), log: decode(stderr.take()) }
    },
  }
}

beforeAll(() => Promise.all((['trouble', 'cmd', 'env', 'files', 'halves'] as const).map(guest)))

const startGuest = async (name: GuestName, args?: readonly string[]) => start(await guest(name), args)

describe('a method', () => {
  test('that returns has ended well, and its instance keeps its state', async () => {
    const { call } = await startGuest('trouble')
    expect(call('count')).toMatchObject({ end: { status: RunStatus.ok, instanceGone: false }, reply: '1' })
    expect(call('count').reply).toBe('2')
    expect(call('slurp', 'hello').reply).toBe('5')
    expect(call('half', 'hello').exit).toBeUndefined()
    expect(call('count').reply).toBe('3')
  })

  test('tells how much memory its instance has', async () => {
    const { call, instance } = await startGuest('trouble')
    expect(call('ignore').end.memoryBytes).toBe(instance.memoryBytes)
    expect(instance.memoryBytes % 65_536).toBe(0)
    expect(instance.memoryBytes).toBeGreaterThan(0)
  })

  test('that returns non-zero has failed with that code, and its instance stays', async () => {
    const { call } = await startGuest('trouble')
    expect(call('fail7').end).toMatchObject({ status: RunStatus.failed, code: 7, instanceGone: false })
    expect(call('count').reply).toBe('1')
  })

  test('that traps takes its instance with it, and says where', async () => {
    const { call } = await startGuest('trouble')
    const { end, exit, reply } = call('late_trap')
    expect(end).toMatchObject({ status: RunStatus.trapped, instanceGone: true })
    expect(reply).toBe('partial')
    expect(exit).toMatchObject({ reason: 'trapped', message: 'unreachable' })
    expect(exit?.reason === 'trapped' && exit.frames[0]).toMatch(/^in .+ at 0x[0-9a-f]+$/)
  })

  test.each([
    ['exit3', { status: RunStatus.exited, code: 3 }, ''],
    ['exit0', { status: RunStatus.ok, code: 0 }, 'bye'],
  ])('that leaves through proc_exit takes its instance with it: %s', async (method, end, reply) => {
    const outcome = (await startGuest('trouble')).call(method)
    expect(outcome).toMatchObject({
      end: { ...end, instanceGone: true },
      exit: { reason: 'exited', code: end.code },
      reply,
    })
  })

  test('may end its reply and read on, and the next one has both again', async () => {
    const { call } = await startGuest('halves')
    expect(call('bye', 'hello').reply).toBe('bye')
    expect(call('heard').reply).toBe('whole 5')
  })

  test('may write to the log', async () => {
    expect((await startGuest('trouble')).call('warn')).toMatchObject({
      reply: 'ok',
      log: 'first warning\nsecond warning\n',
    })
  })

  test('may sleep', async () => {
    expect((await startGuest('trouble')).call('sleepy')).toMatchObject({ end: { code: 0 }, reply: 'awake' })
  })
})

test.each(['numbers', 'rights', 'pointers'])(
  'a module of AssemblyScript finds WASI as it should be: %s',
  async (method) => {
    expect((await startGuest('files')).call(method)).toMatchObject({
      end: { status: RunStatus.ok },
      reply: '',
      log: '',
    })
  },
)

test('what a message has kept is told', async () => {
  const { port1, port2 } = new MessageChannel()
  const data = new DataTree(2 ** 20, { entries: [], maxBytes: 2 ** 20, port: port1 })
  const told = new Promise((resolve) => (port2.onmessage = resolve))
  const { call } = await start(await guest('files'), ['files'], data)
  expect(call('keep').reply).toBe('')
  const bytes = new Uint8Array()
  expect(await told).toMatchObject({ data: { type: 'changed', changes: [{ path: 'k', kind: 'file', bytes }] } })
  for (const port of [port1, port2]) port.close()
})

test('a signal that is not ignored is a trap', async () => {
  expect((await startGuest('files')).call('raise')).toMatchObject({
    exit: { reason: 'trapped', message: 'the guest raised signal 6' },
    reply: '',
  })
})

test('a command is a fresh program for each message, with its arguments', async () => {
  const { call } = await startGuest('cmd', ['cmd', 'größe'])
  expect(call('_start', 'one')).toMatchObject({ end: { status: RunStatus.ok }, reply: 'cmd größe\nONE' })
  expect(call('_start', 'two').reply).toBe('cmd größe\nTWO')
})

test('a command that exits non-zero has failed, and the next message runs', async () => {
  const { call } = await startGuest('cmd')
  expect(call('_start', 'fail')).toMatchObject({ end: { status: RunStatus.exited, code: 4, instanceGone: false } })
  expect(call('_start', 'fail').exit).toBeUndefined()
  expect(call('_start', 'fine').end.status).toBe(RunStatus.ok)
})

test('what AssemblyScript imports by default works', async () => {
  const { call } = await startGuest('env')
  expect(call('random').end).toMatchObject({ status: RunStatus.ok })
  expect(call('traced').log).toBe('traced 1 2\n')
  expect(call('aborts').exit).toMatchObject({
    reason: 'trapped',
    message: expect.stringMatching(/^abort: on purpose at env\.ts:\d+:\d+$/) as unknown,
  })
})

test('a module without a memory runs', async () => {
  const bytes = wasm({
    types: [funcType([], [])],
    funcs: [{ type: 0, body: body() }],
    exports: [exportFunc('run', 0)],
  })
  expect((await start(bytes)).call('run').end).toEqual({
    status: RunStatus.ok,
    code: 0,
    memoryBytes: 0,
    instanceGone: false,
    fileReports: 0,
    synced: false,
    tmpBytes: 0,
  })
})

test.each<BadName>(['startTraps', 'initializeTraps'])('a module that cannot be started says so: %s', async (name) => {
  await expect(start(bad[name].bytes)).rejects.toMatchObject({
    code: 'ERR_START',
    message: expect.stringContaining('unreachable') as unknown,
  })
})
