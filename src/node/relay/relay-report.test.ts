import { expect, test } from 'vitest'
import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import { RelayReport } from './relay-report.ts'

test('each change is told once, and an attempt is none', () => {
  const lines: string[] = []
  const report = new RelayReport({
    debug: () => undefined,
    info: (line) => lines.push(`info ${line}`),
    warn: (line) => lines.push(`warn ${line}`),
  })
  const relay = (state: RelayInfo['state'], error?: string): RelayInfo[] => [
    { address: '/dns4/x', peerId: undefined, state, expires: undefined, retryAt: undefined, error },
  ]
  report.update(relay('connecting'))
  report.update(relay('waiting', 'Nobody answers.'))
  report.update(relay('connecting', 'Nobody answers.'))
  report.update(relay('waiting', 'Nobody answers.'))
  report.update(relay('reserved'))
  report.update(relay('reserved'))
  expect(lines).toEqual([
    'warn The relay /dns4/x is not joined: Nobody answers. It is tried again.',
    'info The relay /dns4/x is joined',
  ])
})
