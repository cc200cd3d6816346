import { type Signal, signal } from '@preact/signals'

/** The session of the browser's tab keeps the fields under this key, as JSON. */
const KEY = 'glia.typed'

/** What a field can hold. An object holds several fields of one form. */
type Value = string | boolean | undefined | object

/**
 * The fields that people type into, each under a name. What was typed outlives the view of the field, and a reload that
 * the page makes.
 */
export class TypedFields {
  readonly #fields = new Map<string, { value: Signal<Value>; initial: Value }>()
  readonly #storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  #kept: Readonly<Record<string, unknown>> | undefined

  /** @param storage Where the fields are kept over the reload. It throws where the browser keeps nothing. */
  constructor(storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {
    this.#storage = storage
  }

  /** The field of a name, which is always used with one type. @param initial What it holds at first. Undefined: nothing was typed. */
  of(name: string, initial: string): Signal<string>
  of(name: string, initial: boolean): Signal<boolean>
  of<T extends Value>(name: string, initial: T): Signal<T>
  of(name: string, initial: Value): Signal<Value> {
    this.#kept ??= this.#take()
    const field = this.#fields.get(name) ?? { value: signal(fitting(this.#kept[name], initial)), initial }
    this.#fields.set(name, field)
    return field.value
  }

  /** Empties a field: the next one of this name begins anew. */
  forget(name: string): void {
    this.#fields.delete(name)
    if (this.#kept && name in this.#kept) this.#kept = { ...this.#kept, [name]: undefined }
  }

  /**
   * Keeps what was typed for the page after the reload. A field whose view was not shown since the last reload is kept again.
   * @throws {DOMException} if it is too much for the browser
   */
  keep(): void {
    const changed = [...this.#fields].filter(([, { value, initial }]) => !isSame(value.peek(), initial))
    const now = Object.fromEntries(changed.map(([name, { value }]) => [name, value.peek()]))
    const before = Object.entries(this.#kept ?? {}).filter(([name]) => !this.#fields.has(name))
    this.#storage().setItem(KEY, JSON.stringify({ ...Object.fromEntries(before), ...now }))
  }

  /** What the page before this one has kept. The next page does not find it. */
  #take(): Readonly<Record<string, unknown>> {
    try {
      const storage = this.#storage()
      const kept: unknown = JSON.parse(storage.getItem(KEY) ?? '{}')
      storage.removeItem(KEY)
      return isRecord(kept) ? kept : {}
    } catch {
      // The browser keeps nothing for this page.
      return {}
    }
  }
}

/** What the person has typed and not sent. */
export const typed = new TypedFields(() => sessionStorage)

/** What was kept, if it has the type of the field: an older version of the page may have kept it. */
function fitting(kept: unknown, initial: Value): Value {
  if (initial === undefined) return typeof kept === 'string' ? kept : undefined
  if (Array.isArray(kept) || Array.isArray(initial))
    return Array.isArray(kept) && Array.isArray(initial) ? kept : initial
  if (isRecord(initial)) {
    if (!isRecord(kept)) return initial
    const fields = Object.entries(initial).map(([key, value]) => [key, fitting(kept[key], value as Value)])
    return Object.fromEntries(fields) as object
  }
  return typeof kept === typeof initial ? (kept as Value) : initial
}

function isSame(a: Value, b: Value): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
