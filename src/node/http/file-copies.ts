import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from 'hono/utils/compress'

/** Smaller files gain nothing. Larger ones are no part of the app, and would take much memory. In bytes. */
const MIN_BYTES = 1024
const MAX_BYTES = 16 * 1024 ** 2

type Encoding = 'br' | 'gzip'

/** Larger files are compressed less well: the compiler of the playground, 13.6 MB, would wait 7 s instead of 1.3 s. In bytes. */
const LARGE_BYTES = 2 * 1024 ** 2

/** Each file is compressed once, so that may take some time: 0.2 s for the largest chunk of the page. */
const ENCODERS: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: bytes.length > LARGE_BYTES ? 5 : 9 },
    }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: bytes.length > LARGE_BYTES ? 6 : 9 }),
}

/** A file as it was at one time. */
interface Copy {
  readonly version: string
  readonly tag: Promise<string>
  readonly encoded: Map<Encoding, Promise<Buffer>>
}

/** Keeps the tags of the app's files, and their compressed forms once somebody has asked for them. */
export class FileCopies {
  readonly #copies = new Map<string, Copy>()
  readonly #maxBytes: number

  /** @param maxBytes Larger files are sent as they are. */
  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  /**
   * The best answer to a request for a file.
   * @param reply the file as it is, or the part of it that was asked for
   */
  async best(file: string, reply: Response, asked: Headers): Promise<Response> {
    const { size, mtimeMs } = await stat(file)
    const type = reply.headers.get('content-type') ?? ''
    const compresses = size >= MIN_BYTES && size <= this.#maxBytes && COMPRESSIBLE_CONTENT_TYPE_REGEX.test(type)
    const encoding = compresses && reply.status === 200 ? encodingFor(asked) : undefined
    const copy = this.#copyOf(file, { size, mtimeMs })
    const tag = await copy.tag
    const headers = new Headers(reply.headers)
    if (compresses) headers.set('vary', 'accept-encoding')
    headers.set('etag', encoding ? `"${tag}-${encoding}"` : `"${tag}"`)
    if (isKnown(tag, asked.get('if-none-match'))) {
      await reply.body?.cancel()
      for (const name of ['content-length', 'content-type', 'content-range']) headers.delete(name)
      return new Response(null, { status: 304, headers })
    }
    if (reply.status === 206 && isOutdated(asked.get('if-range'), headers)) {
      // A part of another version would not fit to what the client has.
      await reply.body?.cancel()
      headers.delete('content-range')
      headers.set('content-length', String(size))
      return new Response(await readFile(file), { headers })
    }
    if (!encoding) return new Response(reply.body, { status: reply.status, headers })
    await reply.body?.cancel()
    const bytes = await encodedOf(copy, file, encoding)
    headers.set('content-encoding', encoding)
    headers.set('content-length', String(bytes.length))
    return new Response(new Uint8Array(bytes), { headers })
  }

  #copyOf(file: string, { size, mtimeMs }: { size: number; mtimeMs: number }): Copy {
    const version = `${size.toString(36)}-${mtimeMs.toString(36)}`
    const known = this.#copies.get(file)
    if (known?.version === version) return known
    const tag = size > MAX_BYTES ? Promise.resolve(version) : readFile(file).then(hashOf)
    // A file that could not be read is read again the next time.
    tag.catch(() => this.#copies.delete(file))
    const copy = { version, tag, encoded: new Map<Encoding, Promise<Buffer>>() }
    this.#copies.set(file, copy)
    return copy
  }
}

function encodedOf({ encoded }: Copy, file: string, encoding: Encoding): Promise<Buffer> {
  const known = encoded.get(encoding)
  if (known) return known
  const made = readFile(file).then(ENCODERS[encoding])
  made.catch(() => encoded.delete(encoding))
  encoded.set(encoding, made)
  return made
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}

/** What the client takes, as far as it says so without `q=0`. */
function encodingFor(asked: Headers): Encoding | undefined {
  const taken = (asked.get('accept-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => !/;\s*q=0(\.0*)?$/.test(each))
    .map((each) => each.split(';')[0]?.trim())
  return (['br', 'gzip'] as const).find((encoding) => taken.includes(encoding))
}

/** Whether the client has this version, in whatever encoding. */
function isKnown(tag: string, given: string | null): boolean {
  if (given === null) return false
  const tags = [`"${tag}"`, ...Object.keys(ENCODERS).map((encoding) => `"${tag}-${encoding}"`), '*']
  return given.split(',').some((each) => tags.includes(each.trim().replace(/^W\//, '')))
}

function isOutdated(ifRange: string | null, current: Headers): boolean {
  return ifRange !== null && ifRange !== current.get('etag') && ifRange !== current.get('last-modified')
}
