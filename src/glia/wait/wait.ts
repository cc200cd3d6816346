/** A wait that can be ended early. One wait at a time. */
export class Wait {
  #end: (() => void) | undefined

  /** Resolves after so many ms, or when it is woken. */
  async for(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#end = resolve
    await promise
    clearTimeout(timer)
    this.#end = undefined
  }

  /** Ends the wait that is under way, if there is one. */
  wake(): void {
    this.#end?.()
  }
}
