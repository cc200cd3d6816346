import type { Import } from './module-sections.ts'
import { ONLY_WASI } from './refusals.ts'
import { WASI_MODULE } from './wasi-names.ts'

/** Functions of the ABI of proxy-wasm: https://github.com/proxy-wasm/spec */
const PROXY_CALL =
  /^proxy_(log|(get|set|add|replace|remove)_(log|tick|current|buffer|header|status|property|shared|configuration|map|effective)|(continue|close|send|call|define|increment|record|dispatch|resume|reset)_|(http|grpc)_|\w+_shared_queue|done$|resolve_)/

const EMSCRIPTEN =
  'It is built by Emscripten, which needs JavaScript beside it: rebuild it with emcc -sSTANDALONE_WASM, or with clang --target=wasm32-wasi.'
/** So many short import names from env are no accident: Emscripten has shortened them. */
const MINIFIED_IMPORTS = 5

/** The toolchain of a module that cannot run here, by its imports, and what to do. The first match counts. */
const TOOLCHAINS: readonly { fits(module: string, name: string): boolean; way: string }[] = [
  {
    fits: (module, name) =>
      module.startsWith('wasix_') || (module === WASI_MODULE && /^(thread|futex|proc_fork|sock_open)/.test(name)),
    way: 'It is built for WASIX, which only Wasmer runs: rebuild it for wasm32-wasip1, without threads and sockets.',
  },
  // Before threads: such add-ons have threads too, and would need a host of their own without them.
  {
    fits: (module, name) => module === 'napi' || (module === 'env' && /^(napi_|node_api_)/.test(name)),
    way: 'It is a Node-API add-on (napi), which needs JavaScript beside it: build it as a WASI program for wasm32-wasip1.',
  },
  {
    fits: (module, name) => module === 'wasi' && name === 'thread-spawn',
    way: 'It is built with threads (wasi-threads): rebuild it for wasm32-wasip1, without -pthread.',
  },
  {
    fits: (module) => module === 'wasi_unstable',
    way: 'It is built for an old preview of WASI: rebuild it for wasm32-wasip1.',
  },
  {
    fits: (module) => /^(\[export\])?wasi:/.test(module) || module.startsWith('cm32p2|') || module === '$root',
    way: 'It is built for WASI preview 2, or is a part of a component: rebuild it for wasm32-wasip1.',
  },
  {
    fits: (module) => /^wasi_(nn|ephemeral|experimental|snapshot_preview2|crypto)/.test(module),
    way: 'It uses a proposal that is not in WASI preview 1: build it without that.',
  },
  {
    fits: (module, name) =>
      module === 'wbg' ||
      module.startsWith('__wbindgen') ||
      module.endsWith('_bg.js') ||
      /^__(wbg|wbindgen)_/.test(name),
    way: 'It is built with wasm-bindgen (wasm-pack), which needs JavaScript beside it: rebuild it with cargo build --target wasm32-wasip1.',
  },
  {
    // TinyGo before 0.32 has them in env.
    fits: (module, name) =>
      module === 'gojs' || module === 'go' || (module === 'env' && /^(runtime\.|syscall\/js\.)/.test(name)),
    way: 'It is built for GOOS=js: rebuild it with GOOS=wasip1 GOARCH=wasm.',
  },
  {
    fits: (module, name) => module.startsWith('extism:') || (module === 'env' && name.startsWith('extism_')),
    way: 'It is an Extism plug-in, which needs the Extism host: build it as a WASI program that reads stdin and writes stdout.',
  },
  {
    // Other toolchains name functions for their JavaScript proxies like this: `proxy_js_free_obj`.
    fits: (module, name) => module === 'env' && PROXY_CALL.test(name),
    way: 'It is a filter for a proxy (proxy-wasm), which needs a proxy such as Envoy: build it as a WASI program.',
  },
  {
    fits: (module, name) => module === 'env' && /^opa_(abort|println|builtin\d)$/.test(name),
    way: 'It is a policy of Open Policy Agent, which needs the OPA SDK as its host.',
  },
  {
    fits: (module) => module === 'rb-js-abi-host',
    way: 'It is Ruby with the gem “js”, which needs JavaScript beside it: take a build of ruby.wasm without that gem.',
  },
  {
    fits: (module) => module.startsWith('javy_quickjs_provider'),
    way: 'It needs the plug-in of Javy beside it: build it with javy build, without -C dynamic.',
  },
  {
    fits: (module, name) => module === 'env' && name.startsWith('console.'),
    way: 'It is AssemblyScript that writes to the console: use trace(), which writes to the log of the process.',
  },
  {
    fits: (module, name) =>
      module === 'asm2wasm' ||
      (module === 'env' &&
        /^(_?emscripten_|_emval_|_embind_|__syscall_|__cxa_|___|invoke_|_abort_js|_tzset_js|__assert_fail|__main_argc_argv)/.test(
          name,
        )) ||
      // Shortened names.
      (/^[a-z]$/.test(module) && /^[A-Za-z_$]{1,2}$/.test(name)),
    way: EMSCRIPTEN,
  },
  {
    // After Emscripten, whose main modules have them too.
    fits: (module, name) =>
      /^GOT\.(mem|func)$/.test(module) || (module === 'env' && /^__(memory|table)_base$/.test(name)),
    way: 'It is a shared library (a side module), which another program loads: link it into that program.',
  },
  {
    fits: (module) => /\.m?js$/.test(module) || /^(js|index|js_code|rt|dart)/.test(module),
    way: 'It needs JavaScript beside it: build it for WASI preview 1, wasm32-wasip1.',
  },
]

/** The sentence for a module with these imports, some of which are not provided. */
export function wayOut(imports: readonly Import[]): string {
  const made = TOOLCHAINS.find(({ fits }) => imports.some(({ module, name }) => fits(module, name)))
  if (made) return made.way
  const short = imports.filter(({ module, name }) => module === 'env' && /^[A-Za-z_$]{1,2}$/.test(name))
  if (short.length >= MINIFIED_IMPORTS) return EMSCRIPTEN
  const isUnlinked = imports.some(({ module, kind }) => module === 'env' && kind === 'function')
  return isUnlinked
    ? `${ONLY_WASI} What is imported from env is often a function that the linker did not find.`
    : ONLY_WASI
}
