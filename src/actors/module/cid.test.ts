import { expect, test } from 'vitest'
import { cidOf } from './cid.ts'

// `echo -n "hello world" | ipfs add --cid-version 1 --raw-leaves -Q`
test('the CID of a module is the one that ipfs gives its bytes', async () => {
  const cid = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
  expect(await cidOf(new TextEncoder().encode('hello world'))).toBe(cid)
  expect(await cidOf(new TextEncoder().encode('hello world!'))).not.toBe(cid)
})
