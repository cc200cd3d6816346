import { describe, expect, test } from 'vitest'
import { bad, type BadName, good } from '../../../e2e/guests/bad.ts'
import { refused } from '../../../e2e/guests/hostile.ts'
import {
  body,
  exportFunc,
  exportMemory,
  FUNCREF,
  funcType,
  I32,
  importFunc,
  importGlobal,
  memory32,
  type ModuleInit,
  UNREACHABLE,
  wasm,
} from '../../../e2e/guests/wasm.ts'
import { inspectModule } from './inspect.ts'

const CAP = 256 * 1024 * 1024

const NOTHING = 0
const RETURNS_I32 = 1
const TYPES = [funcType([], []), funcType([], [I32]), funcType([I32], []), funcType([], [I32, I32])]
const RETURNS_ZERO = { type: RETURNS_I32, body: body(0x41, 0x00) }
const EMPTY = { type: NOTHING, body: body() }

/** A module with these functions, exported under these names in this order. */
function exporting(functions: Record<string, { type: number; body: readonly number[] }>, init: ModuleInit = {}) {
  const names = Object.keys(functions)
  return wasm({
    types: TYPES,
    funcs: Object.values(functions),
    memories: [memory32(1)],
    exports: [exportMemory(), ...names.map((name, i) => exportFunc(name, i))],
    ...init,
  })
}

describe('a good module', () => {
  test('has its methods in its own order', async () => {
    const { module, methods } = await inspectModule(good, CAP)
    expect(methods).toEqual(['run'])
    expect(module).toBeInstanceOf(WebAssembly.Module)
  })

  test('has as methods what takes nothing and returns nothing or an i32, and is not private', async () => {
    const module = exporting({
      second: EMPTY,
      first: RETURNS_ZERO,
      _private: EMPTY,
      _start: EMPTY,
      _initialize: EMPTY,
      asyncify_stop_unwind: EMPTY,
      wasi_vfs_pack_fs: EMPTY,
      'with space': EMPTY,
      'with/slash': EMPTY,
      'on two\nlines': EMPTY,
      '..': EMPTY,
      ['m'.repeat(257)]: EMPTY,
      '': EMPTY,
      takes: { type: 2, body: body() },
      returnsTwo: { type: 3, body: body(0x41, 0x00, 0x41, 0x00) },
      größe: EMPTY,
    })
    expect((await inspectModule(module, CAP)).methods).toEqual(['second', 'first', '_start', 'with space', 'größe'])
  })

  test('may start with exactly the memory of the cap, which then cannot grow', async () => {
    const inspected = await inspectModule(exporting({ run: EMPTY }, { memories: [memory32(4096)] }), CAP)
    expect(inspected.memoryLimitBytes).toBeUndefined()
  })

  test('can grow to the cap, or to its own maximum if that is less', async () => {
    expect((await inspectModule(good, CAP)).memoryLimitBytes).toBe(CAP)
    const own = exporting({ run: EMPTY }, { memories: [[0x01, 1, 2]] })
    expect((await inspectModule(own, CAP)).memoryLimitBytes).toBe(2 * 65_536)
  })

  test('may have no memory', async () => {
    const module = exporting({ run: EMPTY }, { memories: [], exports: [exportFunc('run', 0)] })
    await expect(inspectModule(module, 0)).resolves.toMatchObject({ methods: ['run'] })
  })

  test('may have more functions than fit into one call’s arguments', async () => {
    const module = exporting({ run: EMPTY }, { funcs: Array.from({ length: 200_000 }, () => EMPTY) })
    await expect(inspectModule(module, CAP)).resolves.toMatchObject({ methods: ['run'] })
  })
})

/** The sentence for each bad input. Inputs that fail while they start are refused by the worker. */
const WORDS: Record<BadName, RegExp | undefined> = {
  empty: /^The file is empty\.$/,
  text: /not a WebAssembly module/,
  component: /is a WebAssembly component.*wasm32-wasip1/,
  truncated: /damaged or cut off.*: .+\.$/,
  invalidBody: /damaged or cut off.*: .+\.$/,
  unknownImport: /imports env\.frobnicate, which Glia does not provide.*wasi_snapshot_preview1 only/,
  unknownWasi: /imports wasi_snapshot_preview1\.sock_open, which/,
  oldWasi: /imports wasi_unstable\.fd_write.*old preview of WASI/,
  importedMemory: /imports the memory env\.memory.*without imported memory/,
  onlyMemory: /exports nothing that can be called/,
  onlyOtherTypes: /exports nothing that can be called/,
  onlyPrivate: /exports nothing that can be called/,
  hugeMemory: /asks for 256\.1 MiB of memory at its start; the cap is 256 MiB/,
  memory64: /64-bit memory.*build it for wasm32/,
  startTraps: undefined,
  initializeTraps: undefined,
}

const inputs = Object.entries(bad) as [BadName, (typeof bad)[BadName]][]

/** Whether this engine compiles it. */
const isKnown = (bytes: Uint8Array<ArrayBuffer>): boolean => WebAssembly.validate(bytes)

describe('a bad module', () => {
  test.each(inputs.filter(([name]) => WORDS[name]))(
    '%s is refused in one sentence that names why',
    async (name, input) => {
      const refusal = inspectModule(input.bytes, CAP)
      await expect(refusal).rejects.toMatchObject({ name: 'GliaError', code: 'ERR_BAD_MODULE' })
      await expect(refusal).rejects.toThrow(WORDS[name])
      await expect(refusal).rejects.toThrow(input.names)
    },
  )

  test.each(inputs.filter(([name]) => !WORDS[name]))(
    '%s shows only when it is started',
    async (_, { bytes, found }) => {
      expect(found).toBe('starting')
      await expect(inspectModule(bytes, CAP)).resolves.toMatchObject({ methods: ['run'] })
    },
  )

  test.each([
    ['wasi:cli/stdout@0.2.0', 'get-stdout', /WASI preview 2/],
    ['wbg', '__wbg_log', /wasm-bindgen/],
    ['gojs', 'runtime.wasmExit', /GOOS=wasip1/],
    ['env', 'emscripten_resize_heap', /Emscripten.*STANDALONE_WASM/],
    ['env', '__syscall_openat', /Emscripten/],
    ['env', 'invoke_vii', /Emscripten/],
    ['a', 'a', /Emscripten/],
    ['./tool_bg.js', '__wbindgen_throw', /wasm-bindgen.*wasm32-wasip1/],
    ['wasix_32v1', 'thread_spawn', /WASIX.*wasm32-wasip1/],
    ['wasi', 'thread-spawn', /threads.*without -pthread/],
    ['env', 'napi_create_function', /Node-API/],
    ['extism:host/env', 'input_length', /Extism/],
    ['env', 'proxy_log', /proxy-wasm/],
    ['env', 'proxy_set_tick_period_milliseconds', /proxy-wasm/],
    ['env', 'proxy_get_header_map_value', /proxy-wasm/],
    ['env', 'proxy_send_local_response', /proxy-wasm/],
    ['./tool.js', '__wbindgen_throw', /wasm-bindgen/],
    ['env', 'runtime.ticks', /GOOS=wasip1/],
    ['env', 'opa_abort', /Open Policy Agent/],
    ['rb-js-abi-host', 'is-js: func(value: handle<js-abi-value>) -> bool', /Ruby.*without that gem/],
    ['javy_quickjs_provider_v3', 'invoke', /Javy/],
    ['GOT.func', 'free', /shared library/],
    ['wasi_nn', 'load', /proposal/],
    ['./app.mjs', 'log', /JavaScript beside it/],
    ['__wbindgen_placeholder__', 'x', /wasm-bindgen/],
  ])('that imports %s is told how to build it', async (module, name, hint) => {
    const imports = [importFunc(module, name, NOTHING)]
    const bytes = exporting({ run: EMPTY }, { imports, exports: [exportFunc('run', 1)] })
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(hint)
  })

  test.each([
    // MicroPython has functions for its JavaScript proxies.
    [['env', 'proxy_js_free_obj'], ['env', 'invoke_ii'], /Emscripten/],
    [['env', 'proxy_cache_get'], ['env', 'emscripten_resize_heap'], /Emscripten/],
    // An add-on with threads.
    [['wasi', 'thread-spawn'], ['env', 'napi_create_function'], /Node-API/],
    // A main module of Emscripten.
    [['GOT.mem', 'environ'], ['env', 'emscripten_resize_heap'], /Emscripten/],
  ] as const)('that imports %s and %s is told for what it is', async (first, second, hint) => {
    const imports = [first, second].map(([module, name]) => importFunc(module, name, NOTHING))
    const bytes = exporting({ run: EMPTY }, { imports, exports: [exportFunc('run', 2)] })
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(hint)
  })

  test('that imports many short names from env is told that it is built by Emscripten', async () => {
    const importing = (names: readonly string[]): Uint8Array<ArrayBuffer> => {
      const imports = names.map((name) => importFunc('env', name, NOTHING))
      return exporting({ run: EMPTY }, { imports, exports: [exportFunc('run', names.length)] })
    }
    await expect(inspectModule(importing(['a', 'b', 'c', 'd', 'e']), CAP)).rejects.toThrow(/Emscripten/)
    await expect(inspectModule(importing(['f']), CAP)).rejects.toThrow(/a function that the linker did not find/)
  })

  test('that writes to the console of AssemblyScript is told what to take instead', async () => {
    const bytes = exporting(
      { run: EMPTY },
      { imports: [importFunc('env', 'console.log', NOTHING)], exports: [exportFunc('run', 1)] },
    )
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(/AssemblyScript.*use trace\(\)/)
  })

  test('that imports a global of env is not said to miss a function', async () => {
    const error = await inspectModule(
      exporting({ run: EMPTY }, { imports: [importGlobal('env', 'depth')] }),
      CAP,
    ).catch(String)
    expect(error).toMatch(/env\.depth/)
    expect(error).not.toContain('a function that the linker did not find')
  })

  test('that is a shared library is told so', async () => {
    const imports = [importGlobal('env', '__memory_base')]
    const bytes = exporting({ run: EMPTY }, { imports })
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(/env\.__memory_base.*shared library/)
  })

  test('is judged by all of its imports, and before it is compiled', async () => {
    const imports = [
      importFunc('env', 'abort', NOTHING),
      importFunc('env', 'setTempRet0', 0),
      importFunc('env', 'invoke_v', 0),
    ]
    const damaged = exporting(
      { run: { type: 0, body: body(0x41, 0x00) } },
      { imports, exports: [exportFunc('run', 3)] },
    )
    await expect(inspectModule(damaged, CAP)).rejects.toThrow(/imports env\.setTempRet0.*Emscripten/)
  })

  test.each([
    ['add', [I32, I32], [I32], 'add(i32, i32) -> i32'],
    ['twice', [0x7c], [0x7c], 'twice(f64) -> f64'],
    ['log', [0x6f], [], 'log(externref)'],
  ] as const)('that exports only %s is told what that is', async (name, parameters, results, shown) => {
    const types = [...TYPES, funcType(parameters, results)]
    const type = types.length - 1
    const func = { type, body: body(UNREACHABLE) }
    const imports = [importFunc('wasi_snapshot_preview1', 'proc_exit', NOTHING)]
    const exports = [exportMemory(), exportFunc(name, 1)]
    const refusal = inspectModule(exporting({}, { types, imports, funcs: [func], exports }), CAP)
    await expect(refusal).rejects.toThrow(`It exports ${shown}.`)
  })

  test('that does not export the memory it would write from is refused', async () => {
    const imports = [importFunc('wasi_snapshot_preview1', 'fd_write', NOTHING)]
    const bytes = exporting({ run: EMPTY }, { imports, exports: [exportFunc('run', 1)] })
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(/does not export its memory.*--export-memory/)
  })

  test.each([
    ['(module (func))', /as text \(\.wat\)/],
    [';; a comment\n(; another ;)\n (module)', /as text \(\.wat\)/],
    ['(component)', /component as text/],
    ['PK\u0003\u0004rest', /zip archive/],
    ['\u007fELF', /native program/],
    [`${'a'.repeat(257)}ustar\0`, /tar archive/],
    ['<!DOCTYPE html><title>404</title>', /HTML page/],
  ])('that is %j is named', async (text, names) => {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0))
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(names)
  })

  test('that is a component of any version is named', async () => {
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0e, 0, 1, 0)
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(/is a WebAssembly component/)
  })

  test('with several memories is refused: a process is counted for one', async () => {
    const several = exporting({ run: EMPTY }, { memories: [memory32(1), memory32(1)] })
    // Engines without them (Node 20) refuse the module themselves.
    await expect(inspectModule(several, CAP)).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
  })

  test('with a memory for threads is refused: it cannot be limited', async () => {
    const shared = exporting({ run: EMPTY }, { memories: [[0x03, 1, 2]] })
    await expect(inspectModule(shared, 65_536)).rejects.toMatchObject({
      code: 'ERR_BAD_MODULE',
      message: expect.stringMatching(/without threads/) as unknown,
    })
  })

  test.each(Object.entries(refused))('with %s is refused, and told why', async (_, { bytes, names }) => {
    const refusal = inspectModule(bytes, CAP)
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
    // Node 20 does not know all of them, and refuses what it does not know.
    await expect(refusal).rejects.toThrow(isKnown(bytes) ? names : /cannot be run/)
  })

  test('with exceptions that are numbers is as good as any', async () => {
    const types = [...TYPES, funcType([I32], [])]
    await expect(inspectModule(exporting({ run: EMPTY }, { types, tags: [[0, 4]] }), CAP)).resolves.toBeDefined()
  })

  test.each([
    ['more numbers than an exception needs', funcType(Array<number>(17).fill(I32), [])],
    ['a reference', funcType([FUNCREF], [])],
  ])('with exceptions that carry %s is refused', async (_, type) => {
    const bytes = exporting({ run: EMPTY }, { types: [...TYPES, type], tags: [[0, 4]] })
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(/exceptions that carry/)
  })

  test('with names of any length is told of in a few words', async () => {
    const bytes = exporting({ run: EMPTY }, { imports: [importFunc('m'.repeat(50_000), 'f', NOTHING)] })
    const refusal = await inspectModule(bytes, CAP).catch((thrown: unknown) => thrown)
    expect(refusal).toMatchObject({
      code: 'ERR_BAD_MODULE',
      message: expect.stringMatching(/^The module imports mmm/) as unknown,
    })
    expect(String(refusal).length).toBeLessThan(500)
  })

  test('with thousands of imports is refused', async () => {
    const imports = Array.from({ length: 2000 }, () => importFunc('env', 'abort', NOTHING))
    const bytes = exporting({ run: EMPTY }, { imports, exports: [exportFunc('run', 2000)] })
    await expect(inspectModule(bytes, CAP)).rejects.toThrow(/2,000 imports/)
  })

  test('over a smaller cap is measured by that one', async () => {
    await expect(inspectModule(good, 65_535)).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
    await expect(inspectModule(good, 65_536)).resolves.toBeDefined()
  })

  test('cut off anywhere is refused with a GliaError', async () => {
    const whole = exporting({ run: EMPTY, other: RETURNS_ZERO }, { imports: [importFunc('env', 'abort', 2)] })
    for (let length = 0; length < whole.length; length += 1) {
      await expect(inspectModule(whole.slice(0, length), CAP)).rejects.toMatchObject({ code: 'ERR_BAD_MODULE' })
    }
  })
})
