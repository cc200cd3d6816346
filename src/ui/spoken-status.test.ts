import { expect, test } from 'vitest'
import { spokenStatus } from './spoken-status.ts'

test.each([
  ['On the mesh · 3 peers, 2 direct', 'On the mesh'],
  ['Relayed only: no UDP here', 'Relayed only'],
  ['Offline: relay gone, trying again in 8 s', 'Offline'],
  ['Starting', 'Starting'],
])('of %j it says %j', (text, spoken) => expect(spokenStatus({ level: 'ok', text, detail: '' })).toBe(spoken))
