import { expect, test } from 'vitest'
import { seconds } from '../../glia/wait/deadline.ts'
import { silentPeer } from '../test-raw.ts'
import { readText } from './text-answer.ts'

const PROTOCOL = '/test/text/1.0.0'
const LIMITS = { maxLength: 100, tooLong: () => new Error('too long') }

test('a text that stops coming is given up by the reader’s clock, in words that name the peer', async () => {
  const connection = await silentPeer(PROTOCOL)
  const stream = await connection.newStream(PROTOCOL)
  const remote = connection.remotePeer.toString()
  await expect(readText(stream, { ...LIMITS, remote, idleMs: 50 })).rejects.toMatchObject({
    code: 'ERR_DEADLINE',
    message: `${remote} sent nothing for ${seconds(50)}.`,
  })
  expect(stream.status).toBe('aborted')
})
