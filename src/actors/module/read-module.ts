import { releaseProxy, transfer, wrap } from 'comlink'
import { GliaError } from '../../glia/errors.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { explained, type InspectedModule, inspectModule } from './inspect.ts'
import { newWorker } from '../worker/new-worker.ts'
import { readFile, type ReadOptions } from './module-source.ts'
import { sha256 } from './sha256.ts'
import type { ActorWorkerApi } from '../worker/worker-api.ts'

/** From this size on a module gets a worker, which takes some 30 ms to start. In bytes. */
const LARGE_BYTES = 1024 * 1024

const GZIP_MAGIC = [0x1f, 0x8b]

/** Bytes before the code of nearly all modules. */
const START_BYTES = 8 * 1024 * 1024

/**
 * Longest time until the script of such a worker has loaded, in ms. Its work then takes as long as the browser takes.
 */
const SCRIPT_MS = 30_000
const STALLED = 'The module could not be compiled: the script of the actor worker did not come within 30 s.'

/** How a module is to be compiled. */
export interface ReadOrder {
  /** Largest memory, at the start and later, in bytes. */
  maxMemoryBytes: number
  /** Whether the module may have what it asks for at its start, if that is more. */
  allowStart?: boolean | undefined
  /** Whether to return a copy of the bytes: a file on the disk may change. */
  copy?: boolean | undefined
  /** The module with this hash, if it is compiled already. */
  compiled?: ((hash: Uint8Array) => Promise<InspectedModule | undefined> | undefined) | undefined
}

/** Bytes that were read. */
export interface HashedBytes {
  /** SHA-256. */
  hash: Uint8Array
  moduleBytes: number
  copy: Blob | undefined
}

/** A module that was read and compiled. */
export interface ReadModule extends HashedBytes {
  inspected: InspectedModule
}

/** Reads bytes and hashes them. @throws {GliaError} ERR_BAD_MODULE if that fails; the signal's reason. */
export async function readBytes(
  source: Blob,
  copy: boolean,
  options?: ReadOptions,
): Promise<HashedBytes & { bytes: Uint8Array<ArrayBuffer> }> {
  const bytes = await readFile(source, options)
  return {
    bytes,
    hash: await sha256(bytes),
    moduleBytes: bytes.length,
    copy: copy ? new Blob([bytes], { type: 'application/wasm' }) : undefined,
  }
}

/**
 * Reads a module, hashes it and compiles it.
 * @throws {GliaError} ERR_BAD_MODULE; the signal's reason.
 */
export async function readModule(source: Blob, order: ReadOrder, options: ReadOptions = {}): Promise<ReadModule> {
  const plain = await unpacked(source, options)
  // Once: what is packed twice is refused.
  return plain
    ? { ...(await readHere(plain, { ...order, copy: false }, options)), copy: plain }
    : readHere(source, order, options)
}

async function readHere(source: Blob, order: ReadOrder, options: ReadOptions): Promise<ReadModule> {
  const { maxMemoryBytes, allowStart, copy = false, compiled } = order
  const { bytes, ...read } = await readBytes(source, copy, options)
  const inspected = (await compiled?.(read.hash)) ?? (await inspectModule(bytes, maxMemoryBytes, allowStart))
  options.signal?.throwIfAborted()
  return { ...read, inspected }
}

/**
 * Does the same in a worker if the module is large: reading, hashing and compiling 60 MB on the page kept its thread
 * for 0.2 s (Chromium 156). Giving it up ends the worker with all that it holds.
 * @param createWorker Starts the actor worker's script. No guest ever runs in this worker.
 */
export async function readModuleBeside(
  createWorker: () => Promise<Worker>,
  source: Blob,
  order: ReadOrder,
  options: ReadOptions = {},
): Promise<ReadModule> {
  const plain = await unpacked(source, options)
  return plain
    ? { ...(await readBeside(createWorker, plain, { ...order, copy: false }, options)), copy: plain }
    : readBeside(createWorker, source, order, options)
}

async function readBeside(
  createWorker: () => Promise<Worker>,
  source: Blob,
  order: ReadOrder,
  options: ReadOptions,
): Promise<ReadModule> {
  if (source.size < LARGE_BYTES) return readHere(source, order, options)
  const { maxMemoryBytes, allowStart = false, copy = false, compiled } = order
  const { signal: given, onProgress } = options
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(new GliaError('ERR_START', STALLED)), SCRIPT_MS)
  const signal = given ? AbortSignal.any([given, stalled.signal]) : stalled.signal
  const { port1: progress, port2: port } = new MessageChannel()
  progress.onmessage = ({ data }: MessageEvent<unknown>) => {
    clearTimeout(timer)
    if (typeof data === 'number' && data > 0) onProgress?.(data)
  }
  let end: (() => void) | undefined
  try {
    const worker = await newWorker(createWorker, signal)
    const api = wrap<ActorWorkerApi>(worker)
    end = () => {
      // As in WorkerActor.stop.
      api[releaseProxy]()
      worker.terminate()
    }
    const failed = Promise.withResolvers<never>()
    worker.onerror = (event) => {
      event.preventDefault()
      failed.reject(
        new GliaError('ERR_INTERNAL', `The module could not be compiled: its worker failed: ${event.message}.`),
      )
    }
    const inWorker = async (): Promise<ReadModule> => {
      const read = await api.read(source, copy, transfer(port, [port]))
      return { ...read, inspected: (await compiled?.(read.hash)) ?? (await api.compile(maxMemoryBytes, allowStart)) }
    }
    return await orAborted(Promise.race([inWorker(), failed.promise]), signal)
  } catch (thrown) {
    const isRefused = thrown instanceof GliaError && thrown.code === 'ERR_BAD_MODULE'
    throw isRefused ? await explained(thrown, await startOf(source)) : thrown
  } finally {
    clearTimeout(timer)
    // Progress takes another way than the result, and must not come after it.
    progress.onmessage = null
    progress.close()
    end?.()
  }
}

/** The start of a module, with its imports and exports. @returns nothing if it cannot be read any more. */
async function startOf(source: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await source.slice(0, START_BYTES).arrayBuffer())
  } catch {
    return new Uint8Array()
  }
}

/** The unpacked content of a gzipped source; undefined if it is not gzipped. @throws {GliaError} ERR_BAD_MODULE */
async function unpacked(source: Blob, options: ReadOptions): Promise<Blob | undefined> {
  const start = await startOf(source.slice(0, GZIP_MAGIC.length))
  if (start.length === 0 || !GZIP_MAGIC.every((byte, i) => start[i] === byte)) return undefined
  const { unpackModule } = await import('./unpack-module.ts')
  return unpackModule(source, options)
}
