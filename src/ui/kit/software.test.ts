import { expect, test } from 'vitest'
import { softwareWords } from './software.ts'

test('software is shown with its version, and not with that of its protocol', () => {
  expect(softwareWords('glia/0.2.0 node/20.20.2')).toBe('glia/0.2.0 node/20.20.2')
  // Earlier builds told the version of the protocol.
  expect(softwareWords('glia/0.1.0 node/20.20.2')).toBe('glia node/20.20.2')
  expect(softwareWords('glia/0.1.0')).toBe('glia')
  for (const other of ['glia/0.1.01', 'kubo/0.1.0', 'my-glia/0.1.0', '']) expect(softwareWords(other)).toBe(other)
  expect(softwareWords(undefined)).toBe(undefined)
})
