/** Which processes wait for which, as far as this peer sees their calls: its own, and those that come to it. */
export class Waits {
  /** For each waiting process, named as in a chain, the processes for which it waits, one entry per call. */
  readonly #waits = new Map<string, string[]>()

  /** Notes a call. @returns a function that ends it. */
  add(from: string, to: string): () => void {
    const callees = this.#waits.get(from) ?? []
    this.#waits.set(from, callees)
    callees.push(to)
    return () => {
      callees.splice(callees.indexOf(to), 1)
      if (callees.length === 0 && this.#waits.get(from) === callees) this.#waits.delete(from)
    }
  }

  /** Whether a process waits for another one, directly or through others. */
  isWaiting(from: string, to: string): boolean {
    const seen = new Set<string>()
    const next = [from]
    for (let process = next.pop(); process !== undefined; process = next.pop()) {
      if (seen.has(process)) continue
      seen.add(process)
      const callees = this.#waits.get(process) ?? []
      if (callees.includes(to)) return true
      next.push(...callees)
    }
    return false
  }
}
