import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

/**
 * Fails a build that has two copies of one package in what it makes. npm installs a second copy where two packages ask for versions that do
 * not fit, and the build then ships both without a word.
 */
export function singleCopies(): Plugin {
  return {
    name: 'glia:single-copies',
    apply: 'build',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
      const packages = packagesOf(modules)
      const lines = [...packages].filter(([, folders]) => folders.size > 1).map(describe)
      if (lines.length > 0) {
        this.error(`Packages are bundled more than once. ${WHAT_TO_DO}\n${lines.join('\n')}`)
      }
    },
  }
}

const WHAT_TO_DO = 'Run npm ci. If they stay: npm dedupe, or "overrides" in package.json where versions do not fit.'

/** The folders that the modules of each package are from. */
function packagesOf(modules: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const id of modules) {
    // The last node_modules in the path is that of the module's own package. Helpers of the bundler begin with a NUL.
    const [, folder, name] = /^\0?(.*[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+))[/\\]/.exec(id) ?? []
    if (folder === undefined || name === undefined) continue
    found.set(name, (found.get(name) ?? new Set<string>()).add(folder))
  }
  return found
}

function describe([name, folders]: [string, Set<string>]): string {
  const copies = [...folders].map((folder) => `${versionOf(folder)} (${folder})`)
  return `  ${name}: ${copies.join(', ')}`
}

function versionOf(folder: string): string {
  return (
    (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: string }).version ?? 'no version'
  )
}
