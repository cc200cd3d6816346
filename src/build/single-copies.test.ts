import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { singleCopies } from './single-copies.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'glia-copies-'))
})

afterEach(() => rm(root, { recursive: true }))

/** Makes a package whose code says which copy it is. */
async function install(folder: string, version: string, imports = ''): Promise<void> {
  const name = folder.split('node_modules/').at(-1)
  await write(join(folder, 'package.json'), JSON.stringify({ name, version, type: 'module', main: 'index.js' }))
  await write(join(folder, 'index.js'), `${imports}\nexport const from = ${JSON.stringify(folder)}`)
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

async function bundle(entry: string): Promise<void> {
  await write('entry.js', entry)
  await build({
    configFile: false,
    root,
    logLevel: 'silent',
    plugins: [singleCopies()],
    build: { write: false, rolldownOptions: { input: join(root, 'entry.js') } },
  })
}

const USES_BOTH = `import { from } from '@x/bytes'\nimport { made } from 'list'\nconsole.log(from, made)`
const MADE = `import { from as inner } from '@x/bytes'\nexport const made = inner`

test.each([
  ['other versions', '4.0.0'],
  ['the same version', '5.0.0'],
])('a build with two copies of a package fails, also if they are %s', async (_, version) => {
  await install('node_modules/@x/bytes', '5.0.0')
  await install('node_modules/list', '1.0.0', MADE)
  await install('node_modules/list/node_modules/@x/bytes', version)
  await expect(bundle(USES_BOTH)).rejects.toThrow(
    new RegExp(`@x/bytes: (5\\.0\\.0|${version}) \\(.*bytes\\), (5\\.0\\.0|${version}) \\(.*bytes\\)`),
  )
})

test('two copies fail also where they are in two chunks', async () => {
  await install('node_modules/@x/bytes', '5.0.0')
  await install('node_modules/list', '1.0.0', MADE)
  await install('node_modules/list/node_modules/@x/bytes', '4.0.0')
  const entry = `import { from } from '@x/bytes'\nconsole.log(from, import('list'))`
  await expect(bundle(entry)).rejects.toThrow(/@x\/bytes/)
})

test('two copies that are installed do not fail a build which takes one of them', async () => {
  await install('node_modules/@x/bytes', '5.0.0')
  await install('node_modules/list', '1.0.0', MADE)
  await install('node_modules/list/node_modules/@x/bytes', '4.0.0')
  await expect(bundle(`import { from } from '@x/bytes'\nconsole.log(from)`)).resolves.toBeUndefined()
})
