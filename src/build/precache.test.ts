import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { precacheManifest } from './precache.ts'

test('lists every file of the app but the service worker, source maps and the compiler; a hashed name needs no revision', async () => {
  const dist = await mkdtemp(join(tmpdir(), 'glia-precache-'))
  try {
    await mkdir(join(dist, 'assets'))
    for (const name of [
      'index.html',
      'sw.js',
      'actor.js',
      'actor.js.map',
      'assets/index-B1x.js',
      'assets/index-B1x.js.map',
      'assets/compiler-worker-C2y.js',
    ]) {
      await writeFile(join(dist, name), name)
    }
    const before = await precacheManifest(dist)
    expect(before).toEqual([
      { url: 'actor.js', revision: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown },
      { url: 'assets/index-B1x.js', revision: null },
      { url: 'index.html', revision: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown },
    ])
    await writeFile(join(dist, 'index.html'), 'changed')
    expect((await precacheManifest(dist))[2]?.revision).not.toBe(before[2]?.revision)
  } finally {
    await rm(dist, { recursive: true })
  }
})
