import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mutantProperty } from './test-mutant-run.ts'
import { programProperty } from './test-session-run.ts'

// The same cases each time. `npm run fuzz -- session` and `-- frames` try more of them, from any seed.
const SEED = 13

test('each call of a random program ends once at each side, with its bytes or a typed error, and leaves nothing', async () => {
  await expect(fc.assert(await programProperty(), { seed: SEED, numRuns: 150 })).resolves.toBeUndefined()
})

test('a session that gets damaged frames ends by a breach at most, and leaves nothing', async () => {
  await expect(fc.assert(await mutantProperty(), { seed: SEED, numRuns: 2000 })).resolves.toBeUndefined()
})
