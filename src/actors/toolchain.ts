import type { Import } from './module-sections.ts'
import { ONLY_WASI } from './refusals.ts'
import { WASI_MODULE } from './wasi-names.ts'

/** What made a module that cannot run here, by what it imports, and the way out. The first that fits is told. */
const TOOLCHAINS: readonly { fits(module: string, name: string): boolean; way: string }[] = [
  {
    fits: (module, name) =>
      module.startsWith('wasix_') || (module === WASI_MODULE && /^(thread|futex|proc_fork|sock_open)/.test(name)),
    way: 'It is built for WASIX, which only Wasmer runs: rebuild it for wasm32-wasip1, without threads and sockets.',
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
    fits: (module) => module === 'wbg' || module.startsWith('__wbindgen') || module.endsWith('_bg.js'),
    way: 'It is built with wasm-bindgen (wasm-pack), which needs JavaScript beside it: rebuild it with cargo build --target wasm32-wasip1.',
  },
  {
    fits: (module) => module === 'gojs' || module === 'go',
    way: 'It is built for GOOS=js: rebuild it with GOOS=wasip1 GOARCH=wasm.',
  },
  {
    fits: (module, name) => module.startsWith('extism:') || (module === 'env' && name.startsWith('extism_')),
    way: 'It is an Extism plug-in, which needs the Extism host: build it as a WASI program that reads stdin and writes stdout.',
  },
  {
    fits: (module, name) => module === 'env' && name.startsWith('proxy_'),
    way: 'It is a filter for a proxy (proxy-wasm), which needs a proxy such as Envoy: build it as a WASI program.',
  },
  {
    fits: (module, name) => module === 'napi' || (module === 'env' && /^(napi_|node_api_)/.test(name)),
    way: 'It is a Node-API add-on (napi), which needs JavaScript beside it: build it as a WASI program for wasm32-wasip1.',
  },
  {
    fits: (module, name) =>
      /^(asm2wasm|GOT\.(mem|func))$/.test(module) ||
      (module === 'env' &&
        /^(_?emscripten_|_emval_|_embind_|__syscall_|__cxa_|___|invoke_|_abort_js|_tzset_js|__assert_fail|__main_argc_argv)/.test(
          name,
        )) ||
      // Minified.
      (/^[a-z]$/.test(module) && /^[A-Za-z_$]{1,2}$/.test(name)),
    way: 'It is built by Emscripten, which needs JavaScript beside it: rebuild it with emcc -sSTANDALONE_WASM, or with clang --target=wasm32-wasi.',
  },
  {
    fits: (module) => /\.m?js$/.test(module) || /^(js|index|js_code|rt|dart)/.test(module),
    way: 'It needs JavaScript beside it: build it for WASI preview 1, wasm32-wasip1.',
  },
]

/** The sentence for a module with these imports, not all of which there are. */
export function wayOut(imports: readonly Import[]): string {
  const made = TOOLCHAINS.find(({ fits }) => imports.some(({ module, name }) => fits(module, name)))
  if (made) return made.way
  const isUnlinked = imports.some(({ module }) => module === 'env')
  return isUnlinked
    ? `${ONLY_WASI} What is imported from env is often a function that the linker did not find.`
    : ONLY_WASI
}
