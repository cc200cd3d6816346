import { expect, test } from 'vitest'
import { GliaError } from '../errors.ts'
import { newPid } from '../pid.ts'
import { post } from './post.ts'
import { streamPair } from './stream-pair.ts'
import { addressOf, bytes, text } from '../test-peer.ts'
import { readAll } from './web-streams.ts'

const open = () => streamPair(addressOf(newPid()), { caller: 'browser' })

test('the message arrives whole, and the reply is read to its end', async () => {
  const [stream, server] = open()
  const posted = post(stream, bytes('down'))
  expect(text(await readAll(server))).toBe('down')
  await server.write(new Uint8Array(1_000_000))
  await server.close()
  await posted
})

test('who wants none of the message may still reply', async () => {
  const [stream, server] = open()
  const posted = post(stream, new Uint8Array(1_000_000))
  await server.closeRead()
  await server.write(bytes('fine'))
  await server.close()
  await expect(posted).resolves.toBeUndefined()
})

test('a call that fails is told and not thrown', async () => {
  const [stream, server] = open()
  const posted = post(stream, bytes('down'))
  server.abort(new GliaError('ERR_NO_PROC', 'gone'))
  await expect(posted).resolves.toMatchObject({ code: 'ERR_NO_PROC' })
})
