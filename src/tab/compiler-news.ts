import type { CompiledScript } from '../ui/model.ts'

/** What the worker of a compiler says to the page. */
export type CompilerNews =
  | { kind: 'loading'; doneBytes: number; totalBytes: number }
  /** From now on it takes texts. */
  | { kind: 'loaded' }
  | { kind: 'compiled'; compiled: CompiledScript }
