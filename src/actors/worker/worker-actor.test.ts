import { expose } from 'comlink'
import { expect, test, vi } from 'vitest'
import type { Message } from '../../glia/process/actor.ts'
import { GliaError } from '../../glia/errors.ts'
import { NO_CONTEXT } from '../../glia/call-context.ts'
import { RunStatus } from './control.ts'
import { startWorkerActor, type WorkerActorInit } from './worker-actor.ts'
import type { Channel } from './worker-api.ts'

/**
 * A worker that is a port to this thread. It answers every message with the end of its instance, and `serve` with the
 * given value.
 */
function workerThatEnds(serveEnd: unknown) {
  const { port1, port2 } = new MessageChannel()
  const serving = Promise.withResolvers<unknown>()
  expose(
    {
      connect({ port }: Channel & { tier: 'JSPI' }) {
        port.onmessage = ({ data: { type } }: MessageEvent) => {
          if (type !== 'run') return
          const end = {
            status: RunStatus.trapped,
            code: 0,
            memoryBytes: 0,
            tmpBytes: 0,
            instanceGone: true,
            fileReports: 0,
            synced: false,
          }
          port.postMessage({ type: 'done', ...end })
          serving.resolve(serveEnd)
        }
      },
      instantiate: () => 0,
      serve: () => serving.promise,
    },
    port2,
  )
  const terminate = vi.fn<() => void>(() => port1.close())
  return { worker: Object.assign(port1, { terminate }) as unknown as Worker, terminate }
}

const MESSAGE: Message = {
  read: async () => null,
  write: async () => undefined,
  closeRead: () => undefined,
  closeWrite: () => undefined,
  signal: new AbortController().signal,
  context: NO_CONTEXT,
}

function init(createWorker: () => Promise<Worker>, signal = new AbortController().signal) {
  const onStopped = vi.fn<() => void>()
  const given: WorkerActorInit = {
    program: {
      module: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
      args: [],
      env: [],
      methods: ['run'],
      limits: { maxOpenFiles: 0, maxCalls: 0 },
    },
    memoryLimitBytes: undefined,
    tier: 'JSPI',
    createWorker,
    onStderr: () => undefined,
    onTrap: () => undefined,
    onStopped,
    signal,
  }
  return { given, onStopped }
}

test('the end that a worker tells of is the end of its message', async () => {
  const { worker, terminate } = workerThatEnds({ reason: 'trapped', message: 'unreachable', frames: [] })
  const { given } = init(async () => worker)
  const actor = await startWorkerActor(given)
  await expect(actor.run('run', MESSAGE)).rejects.toMatchObject({ code: 'ERR_TRAPPED' })
  expect(actor.exited).toEqual({ type: 'trapped', message: 'unreachable', frames: [] })
  expect(terminate).not.toHaveBeenCalled()
  actor.stop()
})

test.each([
  [undefined],
  ['trapped'],
  [{ reason: 'trapped', message: 7, frames: [] }],
  [{ reason: 'trapped', frames: {} }],
])(
  'a worker that tells of an end that there is not (%o) is ended, and the message fails with a typed error',
  async (rubbish) => {
    const { worker, terminate } = workerThatEnds(rubbish)
    const { given, onStopped } = init(async () => worker)
    const actor = await startWorkerActor(given)
    await expect(actor.run('run', MESSAGE)).rejects.toMatchObject({ name: 'GliaError', code: 'ERR_INTERNAL' })
    expect(actor.stopped).toMatchObject({ code: 'ERR_INTERNAL' })
    expect(terminate).toHaveBeenCalledOnce()
    expect(onStopped).toHaveBeenCalledOnce()
  },
)

test('a worker that sends what no worker sends is ended, and the message fails with a typed error', async () => {
  const { port1, port2 } = new MessageChannel()
  expose(
    {
      connect({ port }: Channel & { tier: 'JSPI' }) {
        port.onmessage = () => port.postMessage({ type: 'done' })
      },
      instantiate: () => 0,
      serve: () => new Promise(() => undefined),
    },
    port2,
  )
  const terminate = vi.fn<() => void>(() => port1.close())
  const { given, onStopped } = init(async () => Object.assign(port1, { terminate }) as unknown as Worker)
  const actor = await startWorkerActor(given)
  await expect(actor.run('run', MESSAGE)).rejects.toMatchObject({ name: 'GliaError', code: 'ERR_INTERNAL' })
  expect(terminate).toHaveBeenCalledOnce()
  expect(onStopped).toHaveBeenCalledOnce()
})

test('a worker that comes when its start was given up is ended', async () => {
  const creating = Promise.withResolvers<Worker>()
  const late = new AbortController()
  const { given } = init(() => creating.promise, late.signal)
  const starting = startWorkerActor(given)
  late.abort(new GliaError('ERR_DEADLINE', 'late'))
  await expect(starting).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
  const { worker, terminate } = workerThatEnds(undefined)
  creating.resolve(worker)
  await vi.waitFor(() => expect(terminate).toHaveBeenCalledOnce())
})
