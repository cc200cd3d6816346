import { expect, test } from 'vitest'
import { Control, readStatus, RunStatus } from './control.ts'

const page = Control.allocate()
/** The worker's view of the same memory. */
const worker = new Control(page.buffer)

test('a message goes to the worker with its method, and its end comes back', () => {
  page.command(3)
  const { id, method } = worker.nextCommand()
  expect(method).toBe(3)
  expect(page.isDone).toBe(false)
  const end = {
    status: RunStatus.exited,
    code: -7,
    memoryBytes: 4 * 1024 ** 3 - 65_536,
    instanceGone: true,
    fileReports: 3,
    synced: true,
    tmpBytes: 8192,
  }
  worker.finish(id, end)
  expect(page.isDone).toBe(true)
  expect(page.result()).toEqual(end)
})

test('each message has its own number, and its end is not taken for that of the one before', () => {
  page.command(0)
  const first = worker.nextCommand().id
  worker.finish(first, {
    status: RunStatus.ok,
    code: 0,
    memoryBytes: 0,
    instanceGone: false,
    fileReports: 0,
    synced: false,
    tmpBytes: 0,
  })
  expect(page.isDone).toBe(true)
  page.command(1)
  expect(page.isDone).toBe(false)
  const second = worker.nextCommand()
  expect(second.id).not.toBe(first)
  expect(second.method).toBe(1)
})

test('a status that is none is refused', () => {
  for (const status of Object.values(RunStatus)) expect(readStatus(status)).toBe(status)
  for (const status of [4, -1, 0.5, '0', null, undefined]) expect(() => readStatus(status)).toThrow(TypeError)
})

test('a worker that is ended gets no more messages, also not the one that was under way to it', () => {
  const ended = Control.allocate()
  const its = new Control(ended.buffer)
  ended.command(0)
  ended.close()
  expect(() => its.nextCommand()).toThrow(expect.objectContaining({ code: 'ERR_PROC_STOPPED' }))
})
