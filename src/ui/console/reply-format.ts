/** How bytes can be looked at. */
export type ReplyFormat = 'text' | 'json' | 'hex' | 'image'

/** Larger JSON is not made a tree. */
const MAX_JSON_BYTES = 8 * 1024 * 1024

const ascii = (text: string): number[] => Array.from(text, (char) => char.codePointAt(0) ?? 0)

/** First bytes of images; undefined is any byte. */
const IMAGES: readonly (readonly [type: string, start: readonly (number | undefined)[]])[] = [
  ['image/png', [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', ascii('GIF8')],
  ['image/webp', [...ascii('RIFF'), undefined, undefined, undefined, undefined, ...ascii('WEBP')]],
  ['image/avif', [undefined, undefined, undefined, undefined, ...ascii('ftypavif')]],
  ['image/bmp', ascii('BM')],
  ['image/svg+xml', ascii('<svg')],
]

/** The media type of an image; undefined if the bytes are none. */
export function imageType(bytes: Uint8Array): string | undefined {
  return IMAGES.find(
    ([, start]) => bytes.length > start.length && start.every((byte, i) => byte === undefined || byte === bytes[i]),
  )?.[0]
}

/** The value of bytes that are a JSON object or list. Other JSON reads as well as text. */
export function jsonOf(bytes: Uint8Array): object | undefined {
  if (bytes.length > MAX_JSON_BYTES) return undefined
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined // It is something else.
  }
}
