import { expect, test } from 'vitest'
import { newPid } from '../../glia/pid.ts'
import { DEFAULT_POLICY } from '../../glia/process/policy.ts'
import { DEFAULT_RESTART } from '../../glia/process/restart.ts'
import { completed, type ProcessRecord } from './process-record.ts'

const record: ProcessRecord = {
  pid: newPid(),
  slot: 0,
  name: 'a',
  args: [],
  env: {},
  cid: 'bafkrei',
  moduleBytes: 8,
  methods: ['run'],
  policy: { ...DEFAULT_POLICY, deadlineMs: 1000 },
  restart: { ...DEFAULT_RESTART, type: 'transient' },
  root: false,
  createdAt: 1,
}

test('a record of an earlier version gets what that did not write', () => {
  const { deadlineMs } = record.policy
  const old = { ...record, policy: { deadlineMs }, restart: undefined } as unknown as ProcessRecord
  expect(completed(old)).toEqual([{ ...record, restart: DEFAULT_RESTART }])
})

test('a record of a later version is left alone, but the root process has to be there', () => {
  const later = { ...record, policy: { ...record.policy, quantum: true } }
  expect(completed(later)).toEqual([])
  const root = { ...later, root: true }
  expect(completed(root)).toEqual([{ ...root, policy: DEFAULT_POLICY, restart: DEFAULT_RESTART }])
})
