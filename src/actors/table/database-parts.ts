import { GliaError } from '../../glia/errors.ts'

/** For `blocking` of `openDB`: a newer version of the app in another tab must not wait for this one. */
export function closeForNewer(_current: number, _blocked: number | null, event: IDBVersionChangeEvent): void {
  const database = event.target as IDBDatabase
  database.close()
}

/** All keys that are arrays and begin so. */
export function keysFrom(first: string | number): IDBKeyRange {
  return IDBKeyRange.bound([first], [first, []])
}

/** @throws {GliaError} ERR_STORAGE that says what could not be done, and why. */
export async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const full = cause instanceof DOMException && cause.name === 'QuotaExceededError'
    const why = full
      ? 'the browser’s storage for this site is full'
      : cause instanceof Error
        ? cause.message
        : String(cause)
    throw new GliaError('ERR_STORAGE', `The browser could not ${what}: ${why}.`, { cause })
  }
}

/** All keys that are arrays and begin with the PID of an instance of a process: `{pid}:`. The semicolon comes next. */
export function instancesOf(pid: string): IDBKeyRange {
  return IDBKeyRange.bound([`${pid}:`], [`${pid};`])
}

/** Undoes what a transaction has done. */
export function abort(tx: { abort(): void }): void {
  try {
    tx.abort()
  } catch {
    // A failed request has ended it already.
  }
}
