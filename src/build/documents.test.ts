import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromRoot } from './paths.ts'

/** Every document of the repository, relative to its root. */
const documents = filesOf('*.md')

/** The documents that say how to use or implement Glia. All other READMEs are of a room, and fit on a page. */
const MANUALS = new Map([
  ['README.md', 160],
  ['ARCHITECTURE.md', 200],
  ['src/examples/README.md', Infinity],
  ['src/examples/clients/README.md', Infinity],
  ['src/node/README.md', Infinity],
  ['src/tab/README.md', Infinity],
  ['src/glia/session/SPEC.md', Infinity],
  ['src/mesh/presence/SPEC.md', Infinity],
  ['src/mesh/watch/SPEC.md', Infinity],
  ['.github/CHANGELOG.md', Infinity],
  ['.github/CONTRIBUTING.md', 100],
  ['.github/SECURITY.md', 100],
])
const LINES_OF_A_ROOM = 60

describe.each(documents)('%s', (document) => {
  const text = readFileSync(fromRoot(document), 'utf8')

  test('is short', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MANUALS.get(document) ?? LINES_OF_A_ROOM)
  })

  test('links to what is there', () => {
    const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    expect(links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(document, link))).toEqual([])
  })

  test('names paths that are there', () => {
    const paths = [...text.matchAll(/`((?:src|workers|e2e)\/[\w./*-]+)`/g)].map(([, path = '']) => path)
    expect(paths.filter((path) => filesOf(path.replace(/\/$/, '')).length === 0)).toEqual([])
  })

  test('names files that are there', () => {
    const names = [...withoutCode(text).matchAll(/`([\w-]+(?:\.\w+)*\.tsx?)`/g)].map(([, name = '']) => name)
    expect(names.filter((name) => filesOf(`**/${name}`, name).length === 0)).toEqual([])
  })
})

test('ARCHITECTURE has lines of at most 120 characters', () => {
  const lines = readFileSync(fromRoot('ARCHITECTURE.md'), 'utf8').split('\n')
  expect(lines.filter((line) => line.length > 120)).toEqual([])
})

test('no document or comment cites a paper that is not in the repository', () => {
  const citing = filesOf('*.md', '*.ts', '*.tsx', '*.css', '*.c', '*.go').filter((path) =>
    /\b(?:DESIGN|FACTS) \d/.test(readFileSync(fromRoot(path), 'utf8')),
  )
  expect(citing).toEqual([])
})

function filesOf(...patterns: readonly string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: fromRoot('.'),
    encoding: 'utf8',
  })
  return listed.split('\n').filter((path) => path !== '' && existsSync(fromRoot(path)))
}

function leadsSomewhere(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? document : join(dirname(document), path)
  if (!existsSync(fromRoot(target))) return false
  return anchor === undefined || anchorsOf(target).includes(anchor)
}

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(document: string): string[] {
  const headings = withoutCode(readFileSync(fromRoot(document), 'utf8')).matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '')
}
