import { expect, test } from 'vitest'
import { TEMPLATES } from '../ui/playground/templates.ts'
import { compileScript } from './compile-script.ts'

test.each(TEMPLATES.filter(({ language }) => language === 'AssemblyScript'))(
  'the template $name becomes a module that imports WASI and env.abort alone',
  async ({ text }) => {
    const { module: bytes, problems } = await compileScript(text)
    expect(problems).toEqual([])
    const module = new WebAssembly.Module(bytes ?? new Uint8Array())
    const imports = new Set(
      WebAssembly.Module.imports(module).map((each) => (each.module === 'env' ? each.name : each.module)),
    )
    expect(['abort', 'wasi_snapshot_preview1']).toEqual(expect.arrayContaining([...imports]))
    const methods = [...text.matchAll(/^export function (\w+)/gm)].map(([, name]) => name)
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(expect.arrayContaining(methods))
  },
)

test('an error has its words and its place, and there is no module', async () => {
  const text = 'export function a(): i32 {\n  return nothing\n}\n'
  expect(await compileScript(text)).toEqual({
    module: undefined,
    problems: [
      {
        message: "Cannot find name 'nothing'.",
        isError: true,
        place: { start: text.indexOf('nothing'), end: text.indexOf('nothing') + 7 },
      },
    ],
  })
})

test.each([
  ['', 0],
  ['((((', 1],
  ["import { a } from './none'\nexport function b(): void { a() }", 1],
  ['export function a(): void { const x = "', 1],
])('%s is told and breaks nothing', async (text, fewest) => {
  const { problems } = await compileScript(text)
  expect(problems.filter(({ isError }) => isError).length).toBeGreaterThanOrEqual(fewest)
})
