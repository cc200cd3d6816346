import { type Remote, transfer, wrap } from 'comlink'
import { buffersOf, type Checkpoint } from '../actors/snapshot/snapshot.ts'
import type { Holder } from '../actors/table/checkpoint-writes.ts'
import type { CheckpointWriter } from '../actors/table/store.ts'
import { GliaError } from '../glia/errors.ts'
import type { Logger } from '../glia/log.ts'
// oxlint-disable-next-line import/default -- Vite makes the export
import workerUrl from './storage-worker.ts?worker&url'
import type { StorageWorkerApi } from './storage-worker.ts'
import { trustedScriptUrl } from './trusted.ts'

/** Stores checkpoints in a worker. Where that cannot be started, such as in an app that embeds a peer, the page stores them itself. */
export class StorageThread implements CheckpointWriter {
  works = true
  readonly #holder: Holder | undefined
  readonly #worker: Worker
  readonly #api: Remote<StorageWorkerApi>
  /** Rejects when the worker is gone. */
  readonly #end = Promise.withResolvers<never>()

  private constructor(holder: Holder | undefined) {
    this.#holder = holder
    const url = trustedScriptUrl(new URL(workerUrl, document.baseURI).href)
    this.#worker = new Worker(url, { type: 'module', name: 'glia storage' })
    this.#api = wrap<StorageWorkerApi>(this.#worker)
    this.#worker.onerror = (event) => {
      event.preventDefault()
      this.#stop(`the part of this page that stores it has failed: ${event.message || 'its script did not load'}`)
    }
    this.#end.promise.catch(() => undefined) // Whoever waits is told.
  }

  /** Never rejects. */
  static async start(database: string, holder: Holder | undefined, log: Logger): Promise<StorageThread> {
    const made = new StorageThread(holder)
    try {
      await Promise.race([made.#api.open(database), made.#end.promise])
    } catch (thrown) {
      made.#stop('the part of this page that stores it did not start')
      log.warn('checkpoints are stored by the page itself:', thrown)
    }
    return made
  }

  async put(pid: string, checkpoint: Checkpoint, durability: 'relaxed' | 'strict'): Promise<void> {
    const order = { pid, checkpoint, durability, holder: this.#holder }
    await Promise.race([this.#api.put(transfer(order, buffersOf(checkpoint))), this.#end.promise])
  }

  close(): void {
    this.#stop('this peer was stopped')
  }

  #stop(why: string): void {
    this.works = false
    this.#worker.terminate()
    this.#end.reject(new GliaError('ERR_STORAGE', `The browser could not keep the memory: ${why}.`))
  }
}
