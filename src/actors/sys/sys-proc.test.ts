import { expect, test } from 'vitest'
import { NO_CONTEXT } from '../../glia/call-context.ts'
import { GliaError } from '../../glia/errors.ts'
import { actorOf } from '../../glia/process/function-proc.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { deliver, OTHER, SELF, send, text } from '../../glia/test-peer.ts'
import { SysProc } from './sys-proc.ts'

/** A system process whose `list` says hello and whose `kill` fails, and the lines of its log. */
function makeSys(): { sys: SysProc; lines: string[] } {
  const lines: string[] = []
  const note = (line: string): void => void lines.push(line)
  const sys = new SysProc({
    peerId: SELF,
    callers: 'browser',
    maxBodyBytes: 1000,
    log: { debug: note, info: note, warn: note },
    load: async () =>
      actorOf({
        list: async (message) => message.write(new TextEncoder().encode('hello')),
        kill: async () => Promise.reject(new GliaError('ERR_NO_PROC', 'There is no such process.')),
      }),
    settled: async () => undefined,
  })
  return { sys, lines }
}

test('messages to sys leave no line in the log, though each sender has an instance of its own', async () => {
  const { sys, lines } = makeSys()
  for (const client of ['a', 'b']) {
    const { stream, done } = deliver(sys, { method: 'list', context: { ...NO_CONTEXT, client } })
    /* oxlint-disable no-await-in-loop -- one message after the other */
    await send(stream)
    expect(text(await readAll(stream))).toBe('hello')
    await done
    /* oxlint-enable no-await-in-loop */
  }
  expect(lines).toEqual([])
})

test('who may not manage the peer is told so, by words that are true for whoever reads them, and the log is not', async () => {
  const { sys, lines } = makeSys()
  const { done } = deliver(sys, { method: 'list', caller: OTHER })
  await expect(done).rejects.toMatchObject({
    code: 'ERR_DENIED',
    message: `The caller, ${OTHER}, may not call this: the policy of the process does not list it.`,
  })
  expect(lines).toEqual([])
})

test('the log tells of a message that failed', async () => {
  const { sys, lines } = makeSys()
  const { stream, done } = deliver(sys, { method: 'kill' })
  await send(stream)
  await expect(done).rejects.toMatchObject({ code: 'ERR_NO_PROC' })
  expect(lines).toEqual(['sys: There is no such process. ERR_NO_PROC'])
})
