/** For `blocking` of `openDB`: a newer version of the app in another tab must not wait for this one. */
export function closeForNewer(_current: number, _blocked: number | null, event: IDBVersionChangeEvent): void {
  const database = event.target as IDBDatabase
  database.close()
}

/** All keys that are arrays and begin so. */
export function keysFrom(first: string | number): IDBKeyRange {
  return IDBKeyRange.bound([first], [first, []])
}
