import { cidOfHash } from '../module/cid.ts'
import type { InspectedModule } from '../module/inspect.ts'
import type { ModuleSource, ReadOptions } from '../module/module-source.ts'
import { readModule, type ReadOrder } from '../module/read-module.ts'
import type { ModuleVersion } from './process-record.ts'

/** Compiled modules that are kept, and their bytes in all. The machine code takes several times as much. */
const MAX_MODULES = 64
const MAX_BYTES = 128 * 1024 * 1024

interface Cached {
  cid: string
  moduleBytes: number
  compiled: Promise<InspectedModule>
}

export interface ModuleCacheInit {
  /** The bytes of a module. @throws {GliaError} ERR_STORAGE if they cannot be had. */
  load(cid: string): Promise<Blob>
  /** Reads and compiles modules. Left out: in this thread. */
  read?: typeof readModule | undefined
  /** Whether the module cannot be loaded again. */
  isPinned(cid: string): boolean
  maxModules?: number
  maxBytes?: number
}

/** A compiled module with its bytes. */
export interface AddedModule {
  version: ModuleVersion
  inspected: InspectedModule
  blob: Blob
}

/**
 * Modules, compiled with a memory cap, by CID and cap. The least recently used go first. A running process holds its
 * module itself.
 */
export class ModuleCache {
  readonly #init: ModuleCacheInit
  /** In the order of their last use. */
  readonly #cached = new Map<string, Cached>()
  /** Modules that had to go, as long as somebody else holds them, such as a running process. */
  readonly #left = new Map<
    string,
    { module: WeakRef<WebAssembly.Module>; inspected: Omit<InspectedModule, 'module'> }
  >()
  /** What is known of bytes that were read once: nobody can change a blob. */
  readonly #known = new WeakMap<Blob, ModuleVersion>()

  constructor(init: ModuleCacheInit) {
    this.#init = init
  }

  /** @throws {GliaError} the failure of loading or compiling. The next call tries again. */
  get({ cid, moduleBytes }: ModuleVersion, maxMemoryBytes: number): Promise<InspectedModule> {
    const key = keyOf(cid, maxMemoryBytes)
    const known = this.#cached.get(key)
    if (known) {
      this.#cached.delete(key)
      this.#cached.set(key, known)
      return known.compiled
    }
    const left = this.#recover(key)
    const compiled = left ? Promise.resolve(left) : this.#load(cid, maxMemoryBytes)
    // By then another one may be in its place.
    compiled.catch(() => this.#cached.get(key)?.compiled === compiled && this.#cached.delete(key))
    this.#put(key, { cid, moduleBytes, compiled })
    return compiled
  }

  /** A module, if it is compiled. */
  peek(cid: string, maxMemoryBytes: number): Promise<InspectedModule> | undefined {
    return this.#cached.get(keyOf(cid, maxMemoryBytes))?.compiled
  }

  /**
   * Compiles a module that may be new, and inspects it. @throws {GliaError} ERR_BAD_MODULE; the reason of the signal.
   */
  async add(source: ModuleSource, order: Omit<ReadOrder, 'copy'>, options?: ReadOptions): Promise<AddedModule> {
    const given = source instanceof Blob ? source : new Blob([source], { type: 'application/wasm' })
    const known = this.#known.get(given)
    const kept = known && (await this.#peek(known.cid, order.maxMemoryBytes))
    if (known && kept) return { version: known, inspected: kept, blob: given }
    const read = await this.#read(
      given,
      { ...order, copy: given instanceof File, compiled: (hash) => this.#peek(cidOfHash(hash), order.maxMemoryBytes) },
      options,
    )
    const { hash, moduleBytes, inspected, copy: blob = given } = read
    const version = { cid: cidOfHash(hash), moduleBytes, methods: inspected.methods }
    this.#known.set(blob, version)
    this.put(version, inspected.maxMemoryBytes, inspected)
    return { version, inspected, blob }
  }

  /** Adds a module that is compiled already. */
  put({ cid, moduleBytes }: ModuleVersion, maxMemoryBytes: number, compiled: InspectedModule): void {
    this.#put(keyOf(cid, maxMemoryBytes), { cid, moduleBytes, compiled: Promise.resolve(compiled) })
  }

  #peek(cid: string, maxMemoryBytes: number): Promise<InspectedModule | undefined> | undefined {
    return this.peek(cid, maxMemoryBytes)?.catch(() => undefined)
  }

  /** Call it when no process has the module any more. */
  drop(cid: string): void {
    for (const [key, cached] of this.#cached) if (cached.cid === cid) this.#cached.delete(key)
    for (const key of this.#left.keys()) if (key.startsWith(`${cid} `)) this.#left.delete(key)
  }

  #put(key: string, cached: Cached): void {
    this.#cached.delete(key)
    this.#cached.set(key, cached)
    const { isPinned, maxModules = MAX_MODULES, maxBytes = MAX_BYTES } = this.#init
    let bytes = [...this.#cached.values()].reduce((sum, { moduleBytes }) => sum + moduleBytes, 0)
    for (const [oldKey, old] of this.#cached) {
      if (this.#cached.size <= maxModules && bytes <= maxBytes) return
      if (oldKey === key || isPinned(old.cid)) continue
      this.#cached.delete(oldKey)
      bytes -= old.moduleBytes
      void this.#leave(oldKey, old)
    }
  }

  async #leave(key: string, { compiled }: Cached): Promise<void> {
    const loaded = await compiled.catch(() => undefined)
    if (!loaded) return
    const { module, ...inspected } = loaded
    for (const [old, { module: ref }] of this.#left) if (!ref.deref()) this.#left.delete(old)
    this.#left.set(key, { module: new WeakRef(module), inspected })
  }

  #recover(key: string): InspectedModule | undefined {
    const left = this.#left.get(key)
    const module = left?.module.deref()
    return left && module && { ...left.inspected, module }
  }

  async #load(cid: string, maxMemoryBytes: number): Promise<InspectedModule> {
    return (await this.#read(await this.#init.load(cid), { maxMemoryBytes })).inspected
  }

  get #read(): typeof readModule {
    return this.#init.read ?? readModule
  }
}

function keyOf(cid: string, maxMemoryBytes: number): string {
  return `${cid} ${maxMemoryBytes}`
}
