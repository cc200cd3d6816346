import { MAX_ANNOUNCEMENT_BYTES } from '../limits.ts'

/** A field of a protobuf message whose wire type is bytes. */
export interface Field {
  /** The number of the field and its wire type. */
  readonly tag: number
  readonly bytes: Uint8Array
  /** Where the next field begins. */
  readonly end: number
}

/** A field as bytes. Its length is an unsigned varint of at most two bytes: nothing here needs more. */
export function writeField(tag: number, bytes: Uint8Array): number[] {
  const { length } = bytes
  return [tag, ...(length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]), ...bytes]
}

/** Whether it is the tag of bytes with a number of 1 to 15. Nothing here needs another. */
function isTag(byte: number): boolean {
  return (byte & 0x87) === 2 && byte > 2
}

/**
 * The field that begins at a place; undefined if its end has not come.
 * @throws {Error} if it is no bytes, or longer than an announcement may be
 */
export function readField(data: Uint8Array, at: number): Field | undefined {
  const [tag, low, high] = data.subarray(at, at + 3)
  // Fields of other types have no length. So the reader could not tell where the next one begins.
  if (tag !== undefined && !isTag(tag)) throw new Error('a field is no bytes')
  if (tag === undefined || low === undefined || (low >= 0x80 && high === undefined)) return undefined
  const isLong = low >= 0x80 && high !== undefined
  const length = isLong ? (low & 0x7f) | (high << 7) : low
  if (length > MAX_ANNOUNCEMENT_BYTES) throw new Error('a field of the announcement is too long')
  const start = at + (isLong ? 3 : 2)
  const bytes = data.subarray(start, start + length)
  return bytes.length === length ? { tag, bytes, end: start + length } : undefined
}

/** Cuts a stream of bytes into fields. It keeps at most one field that is not complete. */
export class FieldSplitter {
  #rest = new Uint8Array()

  /** @throws {Error} if a field is no bytes, or too long */
  push(piece: Uint8Array): Field[] {
    const data = new Uint8Array(this.#rest.length + piece.length)
    data.set(this.#rest)
    data.set(piece, this.#rest.length)
    const fields: Field[] = []
    let at = 0
    for (let field = readField(data, at); field; field = readField(data, at)) {
      fields.push(field)
      at = field.end
    }
    this.#rest = data.slice(at)
    return fields
  }
}
