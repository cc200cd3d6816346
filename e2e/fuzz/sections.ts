/** A section as it stands in a module: what is damaged need not be one. */
export interface Section {
  id: number
  content: number[]
}

export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
export const SECTION = { import: 2, table: 4, memory: 5, export: 7, code: 10, data: 11 } as const

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const low = value % 0x80
  return value < 0x80 ? [low] : [low | 0x80, ...leb(Math.floor(value / 0x80))]
}

/** The sections of a module, as far as it can be read. */
export function sectionsOf(bytes: Uint8Array): Section[] {
  const sections: Section[] = []
  for (let at = HEADER.length; at < bytes.length;) {
    const id = bytes[at] ?? 0
    let [length, shift] = [0, 1]
    do {
      at += 1
      length += ((bytes[at] ?? 0) & 0x7f) * shift
      shift *= 0x80
    } while ((bytes[at] ?? 0) >= 0x80)
    sections.push({ id, content: [...bytes.subarray(at + 1, at + 1 + length)] })
    at += 1 + length
  }
  return sections
}

export function moduleOf(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const parts = [HEADER, ...sections.map(({ id, content }) => [id, ...leb(content.length), ...content])]
  return Uint8Array.from(parts.flat())
}
