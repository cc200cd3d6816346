/** Something that is loaded once, when it is first asked for. If that fails, it is loaded again for whoever asks next. */
export class LoadedOnce<T> {
  /** What is there, or comes; undefined if nobody has asked, or the last load failed. */
  loading: Promise<T> | undefined
  readonly #load: () => Promise<T>

  constructor(load: () => Promise<T>) {
    this.#load = load
  }

  /** @throws the failure of the load */
  get(): Promise<T> {
    if (this.loading) return this.loading
    const loading = this.#load()
    this.loading = loading
    loading.catch(() => {
      if (this.loading === loading) this.loading = undefined
    })
    return loading
  }
}
