import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromRoot } from './paths.ts'

/** The folder of a package, up to its last `node_modules`. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/
const LICENCE = /^(?:licen[cs]e|copying|notice)/i

/** The licences of Glia and of all packages of which something ships. @param sources Files of which the bundles are made. */
export async function licencesOf(sources: readonly string[]): Promise<string> {
  const folders = new Set(sources.flatMap((source) => PACKAGE.exec(source.replace(/^\0/, ''))?.[0] ?? []))
  const texts = await Promise.all([...folders].sort().map(licenceOf))
  const own = `Glia\n\n${await readFile(fromRoot('LICENSE'), 'utf8')}`
  return [own, ...new Set(texts)].join(`\n${'-'.repeat(80)}\n\n`)
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >
  const files = (await readdir(folder)).filter((file) => LICENCE.test(file)).sort()
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  return [`${String(name)} ${String(version)}, ${String(license)}`, ...texts].join('\n\n')
}
