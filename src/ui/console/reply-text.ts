/** Bytes of a reply that are shown. The rest is only counted, and can be downloaded. */
export const SHOWN_BYTES = 64 * 1024
/** Bytes of a reply that are kept for copying and downloading. */
export const KEPT_BYTES = 64 * 1024 * 1024
const HEX_BYTES = 1024
/** Eight columns fit a phone. */
const HEX_COLUMNS = 8

/** A reply while it arrives: what of it is shown, and what is kept. */
export class ReplyBuffer {
  readonly #chunks: Uint8Array[] = []
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #text = ''
  #shown = 0
  #kept = 0
  #binary = false
  /** Bytes that have arrived. */
  size = 0
  /** Whether all of them are kept. */
  complete = true

  add(chunk: Uint8Array): void {
    this.size += chunk.length
    // After the first chunk that is not kept, no chunk is kept: the kept part has no holes.
    if (this.complete && this.#kept + chunk.length <= KEPT_BYTES) {
      this.#chunks.push(chunk)
      this.#kept += chunk.length
    } else {
      this.complete = false
    }
    const part = chunk.subarray(0, SHOWN_BYTES - this.#shown)
    this.#shown += part.length
    if (part.length === 0 || this.#binary) return
    try {
      const text = this.#decoder.decode(part, { stream: true })
      this.#binary = hasControl(text)
      this.#text += text
    } catch {
      this.#binary = true // not UTF-8
    }
  }

  /** What to show: the text, or the first bytes in hexadecimal. */
  get text(): string {
    return this.#binary ? hexDump(this.bytes(HEX_BYTES)) : this.#text
  }

  /** Whether it is no text. */
  get isBinary(): boolean {
    return this.#binary
  }

  /** Bytes that are kept. */
  get keptBytes(): number {
    return this.#kept
  }

  /** What `text` leaves out, in words; undefined if it leaves out nothing. */
  get note(): string | undefined {
    if (this.#binary) return this.size > HEX_BYTES ? `Binary: the first ${HEX_BYTES} bytes are shown.` : 'Binary.'
    return this.size > SHOWN_BYTES ? 'Only the start is shown.' : undefined
  }

  /** Call it when the reply has ended. Half a character at the end means that the reply is no text. */
  end(): void {
    try {
      if (this.#shown === this.size) this.#decoder.decode()
    } catch {
      this.#binary = true // cut off in the middle of a character
    }
  }

  /** The kept bytes, or the first of them. */
  bytes(limit = Infinity): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(Math.min(this.#kept, limit))
    let at = 0
    for (const chunk of this.#chunks) {
      if (at >= all.length) break
      all.set(chunk.subarray(0, all.length - at), at)
      at += chunk.length
    }
    return all
  }
}

/** Control characters other than tab, line feed and carriage return. A reply with them is no text for people. */
function hasControl(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  return /[\u0000-\u0008\u000B\u000C\u000E-\u001A\u001C-\u001F]/.test(text)
}

export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += HEX_COLUMNS) {
    const row = [...bytes.subarray(at, at + HEX_COLUMNS)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCodePoint(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(HEX_COLUMNS * 3 - 1)}  ${ascii}`)
  }
  return lines.join('\n')
}
