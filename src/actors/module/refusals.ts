import { WASI_MODULE } from './wasi-names.ts'

// Sentences to which `refusal-words.ts` can add more.

export const NOT_A_MODULE = 'This is not a WebAssembly module: it does not start with “\\0asm”.'

export const ONLY_WASI = `Actors may import ${WASI_MODULE} only.`

export const NO_METHODS =
  'The module exports nothing that can be called: a method is an exported function without parameters that returns ' +
  'nothing or an i32, and whose name does not start with “_” (or is _start).'
