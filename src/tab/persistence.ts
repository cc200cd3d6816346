import { type ReadonlySignal, signal } from '@preact/signals'
import type { StorageView } from '../ui/model.ts'

/** The part of `navigator.storage` that is used. */
export type StoragePromise = Partial<Pick<StorageManager, 'persist' | 'persisted'>>

/**
 * Asks the browser to keep the data of this site. Without that promise the browser may delete all of it when the disk
 * is full. It is asked once, when a person starts the first process: then the purpose is clear, and some browsers ask
 * the person.
 */
export class Persistence {
  readonly #storage: StoragePromise | undefined
  readonly #view = signal<StorageView>('unknown')
  #asked: Promise<void> | undefined

  constructor(storage: StoragePromise | undefined) {
    this.#storage = storage
    void this.#look()
  }

  get view(): ReadonlySignal<StorageView> {
    return this.#view
  }

  /** A person starts a process: asks the browser, once. */
  readonly wanted = (): void => void (this.#asked ??= this.ask())

  /** Asks, also a second time. */
  readonly ask = async (): Promise<void> => {
    if (!this.#storage?.persist || this.#view.value === 'kept') return
    this.#view.value = 'asking'
    try {
      this.#view.value = (await this.#storage.persist()) ? 'kept' : 'refused'
    } catch {
      this.#view.value = 'refused' // a private window
    }
  }

  async #look(): Promise<void> {
    if (!this.#storage?.persist || !this.#storage.persisted) {
      this.#view.value = 'impossible'
      return
    }
    const isKept = await this.#storage.persisted().catch(() => false)
    if (this.#view.value === 'unknown') this.#view.value = isKept ? 'kept' : 'not asked'
  }
}
