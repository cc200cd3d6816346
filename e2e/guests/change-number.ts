/**
 * A module with another number in its code, of which it has one.
 * @throws {Error} if the number is not there, or the other one takes another number of bytes.
 */
export function changeNumber(module: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const [old, fresh] = [leb(from), leb(to)]
  const at = module.findIndex((_, i) => old.every((byte, j) => module[i + j] === byte))
  if (at < 0 || old.length !== fresh.length) throw new Error(`${from} cannot be changed to ${to}`)
  const changed = module.slice()
  changed.set(fresh, at)
  return changed
}

/** A positive number as a signed LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7) {
    const byte = rest & 0x7f
    if (rest < 0x40) return [...bytes, byte]
    bytes.push(byte | 0x80)
  }
}
