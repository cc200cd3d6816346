import { GliaError } from '../glia/errors.ts'
import type { CompiledScript, CompileInit, ScriptLanguage } from '../ui/model.ts'
/* oxlint-disable import/default -- Vite makes the exports */
import cWorkerUrl from './c-compiler-worker.ts?worker&url'
import workerUrl from './compiler-worker.ts?worker&url'
/* oxlint-enable import/default */
import type { CompilerNews } from './compiler-news.ts'
import { trustedScriptUrl } from './trusted.ts'

/** Longest time for one file, in ms, from when the compiler is loaded. */
const MAX_COMPILE_MS = 30_000

/** A loaded compiler takes some 200 MB, that of C 500 MB, so an idle one is ended after this time, in ms. */
const IDLE_MS = 120_000

/** Where the server has clang, below the page. */
const CLANG_FOLDER = 'clang/'

let idle: { language: ScriptLanguage; worker: Worker; timer: ReturnType<typeof setTimeout> } | undefined

/**
 * Compiles a file in a worker. One at a time reuses the loaded compiler.
 * @throws {GliaError} `ERR_ABORTED` if the signal aborts, `ERR_DEADLINE` after 30 s, `ERR_START` if the compiler cannot
 * be loaded, `ERR_INTERNAL` if it breaks
 */
export async function compile(source: string, { language, signal, loading }: CompileInit): Promise<CompiledScript> {
  signal.throwIfAborted()
  const worker = takeIdle(language) ?? (await load(language, signal, loading))
  try {
    const compiled = await answer(worker, source, signal)
    idle = { language, worker, timer: setTimeout(() => takeIdle(language)?.terminate(), IDLE_MS) }
    return compiled
  } catch (thrown) {
    worker.terminate()
    throw thrown
  }
}

/** The idle compiler, if it is for this language. Another one makes room. */
function takeIdle(language: ScriptLanguage): Worker | undefined {
  const taken = idle
  idle = undefined
  clearTimeout(taken?.timer)
  if (taken?.language === language) return taken.worker
  taken?.worker.terminate()
  return undefined
}

async function load(language: ScriptLanguage, signal: AbortSignal, loading: CompileInit['loading']): Promise<Worker> {
  const folder = new URL(CLANG_FOLDER, document.baseURI).href
  const isC = language === 'C'
  if (isC) await checkForClang(folder, signal)
  const url = new URL(isC ? cWorkerUrl : workerUrl, document.baseURI).href
  const worker = new Worker(trustedScriptUrl(url), { type: 'module', name: 'glia compiler' })
  try {
    if (isC) worker.postMessage(folder)
    await newsOf(worker, { signal, failure: notLoaded, until: ({ kind }) => kind === 'loaded', loading })
    return worker
  } catch (thrown) {
    worker.terminate()
    throw thrown
  }
}

/** A server has clang only if somebody has installed it there. */
async function checkForClang(folder: string, signal: AbortSignal): Promise<void> {
  const asked = await fetch(new URL('bundle.js', folder), { method: 'HEAD', signal }).catch(() => undefined)
  signal.throwIfAborted()
  if (asked?.ok) return
  if (asked?.status !== 404) throw notLoaded()
  throw new GliaError(
    'ERR_START',
    'The server of this page has no clang, which compiles C. Start it with “npx -p glia -p @yowasp/clang glia” (100 MB), or write AssemblyScript.',
  )
}

async function answer(worker: Worker, source: string, signal: AbortSignal): Promise<CompiledScript> {
  const late = new AbortController()
  const timer = setTimeout(
    () =>
      late.abort(
        new GliaError('ERR_DEADLINE', `The compiler did not end within ${MAX_COMPILE_MS / 1000} s, and was stopped.`),
      ),
    MAX_COMPILE_MS,
  )
  try {
    worker.postMessage(source)
    const news = await newsOf(worker, {
      signal: AbortSignal.any([signal, late.signal]),
      failure: broken,
      until: ({ kind }) => kind === 'compiled',
    })
    if (news.kind !== 'compiled') throw new Error('not compiled')
    return news.compiled
  } finally {
    clearTimeout(timer)
  }
}

function notLoaded(): GliaError {
  return new GliaError(
    'ERR_START',
    'The compiler could not be loaded. It is not stored for use offline: open the page when its server can be reached.',
  )
}

function broken({ message }: ErrorEvent): GliaError {
  return new GliaError('ERR_INTERNAL', `The compiler broke at this text: ${message}`)
}

interface NewsInit {
  signal: AbortSignal
  failure(event: ErrorEvent): GliaError
  until(news: CompilerNews): boolean
  loading?: CompileInit['loading']
}

/** Waits for news of a worker. Rejects if the worker breaks or the signal aborts. */
async function newsOf(worker: Worker, { signal, failure, until, loading }: NewsInit): Promise<CompilerNews> {
  const over = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<CompilerNews>()
  const options = { signal: over.signal }
  worker.addEventListener(
    'message',
    ({ data: news }: MessageEvent<CompilerNews>) => {
      if (until(news)) resolve(news)
      else if (news.kind === 'loading') loading?.(news.doneBytes, news.totalBytes)
    },
    options,
  )
  worker.addEventListener('error', (event) => reject(failure(event)), options)
  signal.addEventListener('abort', () => reject(signal.reason as Error), options)
  try {
    return await promise
  } finally {
    over.abort()
  }
}
