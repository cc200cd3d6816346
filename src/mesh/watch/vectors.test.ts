import { describe, expect, test } from 'vitest'
import { readReply, readRequest } from './messages.ts'
import vectors from './vectors.json' with { type: 'json' }

describe.each([
  ['from a watcher', readRequest, vectors.fromWatcher],
  ['from the peer that has the process', readReply, vectors.fromPeer],
] as const)('a line %s', (_, read, { valid, invalid }) => {
  test.each(valid)('$name is read as the specification says', ({ line, message }) => {
    expect(read(line) ?? null).toEqual(message)
  })

  test.each(invalid)('$name is a breach', ({ line }) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }))
  })
})
