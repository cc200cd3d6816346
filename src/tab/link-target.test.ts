import { expect, test } from 'vitest'
import type { ProcessTable } from '../actors/table/process-table.ts'
import { processOf } from '../glia/instance-key.ts'
import { newPid } from '../glia/pid.ts'
import { readTarget } from './link-target.ts'

const [PLAIN, KEYED] = [newPid(), newPid()]

/** Only what a link asks of a table. */
const table = {
  entries: [],
  get: (asked: string) => {
    const pid = processOf(asked)
    return pid === PLAIN || pid === KEYED
      ? { pid, name: 'counter', methods: ['count'], hasKeys: pid === KEYED }
      : undefined
  },
} as unknown as ProcessTable

test.each([
  [{}, {}],
  [{ pid: PLAIN }, { pid: PLAIN }],
  [
    { pid: KEYED, method: 'count' },
    { pid: KEYED, method: 'count' },
  ],
  [
    { pid: KEYED, key: 'A\u030asa' },
    { pid: KEYED, key: '\u00c5sa' },
  ],
  [
    { pid: `${KEYED}:alice`, method: 'count' },
    { pid: KEYED, key: 'alice', method: 'count' },
  ],
  [
    { pid: `${KEYED}:alice`, key: 'alice' },
    { pid: KEYED, key: 'alice' },
  ],
])('%j is a target', (given, target) => {
  expect(readTarget(given, table)).toEqual(target)
})

test.each([
  [{ pid: newPid() }, 'ERR_NO_PROC'],
  [{ pid: 7 }, 'ERR_NO_PROC'],
  [{ pid: PLAIN, method: 'none' }, 'ERR_NO_METHOD'],
  [{ pid: PLAIN, key: 'alice' }, 'ERR_BAD_ADDRESS'],
  [{ pid: `${PLAIN}:alice` }, 'ERR_BAD_ADDRESS'],
  [{ pid: KEYED, key: '' }, 'ERR_BAD_ADDRESS'],
  [{ pid: KEYED, key: 7 }, 'ERR_BAD_ADDRESS'],
  [{ pid: KEYED, key: 'a/b' }, 'ERR_BAD_ADDRESS'],
  [{ pid: `${KEYED}:alice`, key: 'bob' }, 'ERR_BAD_REQUEST'],
  [{ key: 'alice' }, 'ERR_BAD_REQUEST'],
  [{ method: 'count' }, 'ERR_BAD_REQUEST'],
  [{ cid: 'x', key: 'alice' }, 'ERR_BAD_REQUEST'],
  [{ pid: KEYED, keys: 'alice' }, 'ERR_BAD_REQUEST'],
  [{ cid: 'x' }, 'ERR_DENIED'],
])('%j leads nowhere', (given, code) => {
  expect(() => readTarget(given, table)).toThrow(expect.objectContaining({ code }) as Error)
})
