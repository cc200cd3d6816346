import { expect, test } from 'vitest'
import { GliaError } from '../errors.ts'
import { newPid } from '../pid.ts'
import { streamPair } from './stream-pair.ts'
import { bytes, SELF } from '../test-peer.ts'
import { pumpInto } from './web-streams.ts'

const pair = () => streamPair({ host: SELF, proc: newPid(), method: 'run' }, { caller: 'browser' })

test('a message whose source was reset is not whole, and its call ends with that', async () => {
  const [caller, server] = pair()
  let sent = false
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent) controller.error(new GliaError('ERR_RESET', 'the peer that sends it reset the call'))
      else controller.enqueue(bytes('a part'))
      sent = true
    },
  })
  await pumpInto(caller, source)
  expect(server.signal.aborted).toBe(true)
  await expect(server.read()).rejects.toMatchObject({ code: 'ERR_RESET' })
})

test('a process that reads no further keeps its reply', async () => {
  const [caller, server] = pair()
  await server.closeRead()
  await pumpInto(caller, new Blob(['more than it reads']).stream())
  await server.write(bytes('reply'))
  expect(await caller.read()).toEqual(bytes('reply'))
})
