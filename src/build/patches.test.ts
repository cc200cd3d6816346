import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromRoot } from './paths.ts'

const FOLDERS = ['src/mesh/patches', 'src/node/patches']
const files = FOLDERS.flatMap((folder) =>
  readdirSync(fromRoot(folder))
    .filter((name) => /(?<!\.test)\.ts$/.test(name))
    .map((name) => `${folder}/${name}`),
)
const README = readFileSync(fromRoot('src/mesh/patches/README.md'), 'utf8')

// A library mends nothing without a new version. So this fails whenever a workaround may have become needless.
describe.each(files)('%s', (file) => {
  const text = readFileSync(fromRoot(file), 'utf8')

  test('names the installed versions of what it mends', () => {
    const [, seen = ''] = /Seen in ([^\n]+?)\. Upstream: /.exec(text) ?? []
    const packages = seen.split(', ').map((each) => each.split(' ')[0] ?? '')
    expect(seen).toBe(packages.map((name) => `${name} ${versionOf(name)}`).join(', '))
  })

  test('says what upstream knows of it, or the text of an issue is ready', () => {
    const [, upstream = ''] = /Upstream: ([^\n]+)/.exec(text) ?? []
    expect(upstream).toMatch(/[\w-]+\/[\w-]+#\d+|^not reported, see (src\/mesh\/patches\/)?README\.md/)
    expect(README).toContain(basename(file))
  })
})

function versionOf(name: string): string {
  const text = readFileSync(fromRoot('node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
