import { expect, test } from 'vitest'
import { newPid } from '../pid.ts'
import { acceptStreams } from './stream.acceptance.ts'
import { streamPair } from './stream-pair.ts'
import { addressOf, bytes, OTHER } from '../test-peer.ts'

const open = () => streamPair(addressOf(newPid()), { caller: OTHER, expectedBytes: 3 })

acceptStreams('a pair', { open: async () => open() })

test('the server learns who calls and how much will come', () => {
  const [, server] = open()
  expect(server).toMatchObject({ caller: OTHER, expectedBytes: 3 })
})

test('what a writer puts into the room that the waiting reader has given is not copied', async () => {
  const [caller, server] = open()
  expect(server.room).toBeUndefined()
  const room = new Uint8Array(8)
  const read = caller.read(room)
  expect(server.room).toBe(room)
  room[0] = 7
  await server.write(room.subarray(0, 1))
  expect(server.room).toBeUndefined()
  expect((await read)?.buffer).toBe(room.buffer)
})

test.each(['text', 3, null, new ArrayBuffer(1), [1]])('%j is no bytes, and no room for them', async (value) => {
  const [caller] = open()
  await expect(caller.write(value as never)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
  await expect(caller.read(value as never)).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' })
})

test('a second reader at a time is an error, and does not take the first one’s bytes', async () => {
  const [caller, server] = open()
  const first = server.read()
  await expect(server.read()).rejects.toMatchObject({ code: 'ERR_INTERNAL' })
  await caller.write(bytes('a'))
  expect(await first).toEqual(bytes('a'))
})

test('a second writer at a time is an error, and its bytes are not sent', async () => {
  const [caller, server] = open()
  const first = caller.write(new Uint8Array(1024 * 1024))
  await expect(caller.write(bytes('late'))).rejects.toMatchObject({ code: 'ERR_INTERNAL' })
  expect((await server.read())?.length).toBe(1024 * 1024)
  await first
  await caller.closeWrite()
  expect(await server.read()).toBeNull()
})
