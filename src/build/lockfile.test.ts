import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { fromRoot } from './paths.ts'

/** The oldest Node that package.json allows, and the long-term releases after it. */
const NODES = ['20.19.0', '22.13.0', '24.11.0', '26.10.0']

interface Locked {
  readonly deprecated?: string
  readonly hasInstallScript?: boolean
  readonly os?: readonly string[]
}

test('every locked package takes each supported Node, so that npm ci warns of none', async () => {
  const refusing = NODES.map((node) => `:attr(engines, [node]):not(:semver(${node}, :attr(engines, [node])))`)
  const { stdout } = await promisify(execFile)('npm', ['query', '--package-lock-only', refusing.join(',')], {
    cwd: fromRoot(),
    shell: process.platform === 'win32',
  })
  const packages = JSON.parse(stdout) as { location: string }[]
  expect(packages.map(({ location }) => location)).toEqual([])
})

test('no locked package is deprecated or runs a script when it is installed, of both of which npm ci warns', async () => {
  const { packages } = JSON.parse(await readFile(fromRoot('package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const { allowScripts } = JSON.parse(await readFile(fromRoot('package.json'), 'utf8')) as {
    allowScripts: Record<string, boolean>
  }
  // A script that package.json refuses is not run, and npm says nothing of it.
  const isRefused = (path: string): boolean => allowScripts[path.replace(/^.*node_modules\//, '')] === false
  const warnedOf = Object.entries(packages).filter(
    ([path, { deprecated, hasInstallScript = false, os }]) =>
      deprecated !== undefined || (hasInstallScript && !os && !isRefused(path)),
  )
  expect(warnedOf).toEqual([])
})
