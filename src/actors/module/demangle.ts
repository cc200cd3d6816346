/** How Rust writes characters that symbols cannot have. */
const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
}
/** The last part of a legacy symbol: a hash. */
const HASH = /^h[0-9a-f]{16}$/
/** Basic types of the v0 scheme. */
const BASIC: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  s: 'i16',
  t: 'u16',
  u: '()',
  x: 'i64',
  y: 'u64',
  z: '!',
  p: '_',
}
/** Depth up to which the parts of a v0 symbol are read. */
const MAX_DEPTH = 64

/** Frames of a trap, as `in name at 0x4f` or `in name (function 3)`, with the names of the source. */
export function demangled(frames: readonly string[]): string[] {
  return frames.map((frame) =>
    frame.replace(/^in (\S+)(?= at 0x| \(function |$)/, (_, name: string) => `in ${demangle(name)}`),
  )
}

/**
 * The name of a function as in its source, for Rust (legacy and v0 symbols) and C++ (nested names, without parameters).
 * Any other name comes back unchanged.
 */
export function demangle(name: string): string {
  const legacy = /^_?_ZN(?=\d)(.*)/s.exec(name)?.[1]
  if (legacy !== undefined) return legacyName(legacy) ?? name
  const v0 = /^_?_?R(?=[CNMXYI])(.*)/s.exec(name)?.[1]
  if (v0 === undefined || !name.startsWith('_')) return name
  try {
    return new V0(v0).path()
  } catch {
    return name
  }
}

function legacyName(symbol: string): string | undefined {
  const parts: string[] = []
  let rest = symbol
  while (rest !== '' && !rest.startsWith('E')) {
    const digits = /^\d+/.exec(rest)?.[0]
    if (digits === undefined) break
    const end = digits.length + Number(digits)
    parts.push(rest.slice(digits.length, end))
    rest = rest.slice(end)
  }
  if (parts.length > 1 && HASH.test(parts.at(-1) ?? '')) parts.pop()
  return parts.length > 0 ? parts.map(unescape).join('::') : undefined
}

function unescape(part: string): string {
  return part
    .replace(/^_(?=\$)/, '')
    .replaceAll('..', '::')
    .replace(/\$(u[0-9a-f]{1,6}|[A-Z]{1,2})\$/g, (whole, code: string) => {
      if (!code.startsWith('u')) return ESCAPES[code] ?? whole
      const point = parseInt(code.slice(1), 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    })
}

/** Reads a v0 symbol (https://doc.rust-lang.org/rustc/symbol-mangling/v0.html). Throws for unknown parts. */
class V0 {
  readonly #symbol: string
  #at = 0
  #depth = 0

  constructor(symbol: string) {
    this.#symbol = symbol
  }

  path(): string {
    if (++this.#depth > MAX_DEPTH) throw new RangeError('too deep')
    const tag = this.#next()
    switch (tag) {
      case 'C':
        return this.#identifier()
      case 'N': {
        const namespace = this.#next()
        const parent = this.path()
        const name = this.#identifier()
        return namespace === 'C' ? `${parent}::{closure}` : `${parent}::${name}`
      }
      case 'M':
        this.#implPath()
        return `<${this.#type()}>`
      case 'X':
        this.#implPath()
        return `<${this.#type()} as ${this.path()}>`
      case 'Y':
        return `<${this.#type()} as ${this.path()}>`
      case 'I': {
        const generic = this.path()
        const args: string[] = []
        while (!this.#take('E')) args.push(this.#argument())
        return `${generic}<${args.filter(Boolean).join(', ')}>`
      }
      case 'B':
        return this.#back(() => this.path())
      default:
        throw new RangeError(`no path ${tag}`)
    }
  }

  #implPath(): void {
    if (this.#take('s')) this.#base62()
    this.path()
  }

  #argument(): string {
    if (this.#take('L')) {
      this.#base62()
      return ''
    }
    if (!this.#take('K')) return this.#type()
    // A constant: its type, and its value in hexadecimal digits.
    this.#type()
    const digits = /^n?[0-9a-f]*_/.exec(this.#symbol.slice(this.#at))?.[0]
    if (digits === undefined) throw new RangeError('no constant')
    this.#at += digits.length
    return `0x${digits.slice(0, -1)}`
  }

  #type(): string {
    if (++this.#depth > MAX_DEPTH) throw new RangeError('too deep')
    const tag = this.#symbol[this.#at] ?? ''
    const basic = BASIC[tag]
    if (basic !== undefined) {
      this.#at += 1
      return basic
    }
    if (/[CNMXYI]/.test(tag)) return this.path()
    this.#at += 1
    switch (tag) {
      case 'R':
      case 'Q':
        if (this.#take('L')) this.#base62()
        return `&${tag === 'Q' ? 'mut ' : ''}${this.#type()}`
      case 'P':
        return `*const ${this.#type()}`
      case 'O':
        return `*mut ${this.#type()}`
      case 'S':
        return `[${this.#type()}]`
      case 'A':
        return `[${this.#type()}; ${this.#argument()}]`
      case 'T': {
        const all: string[] = []
        while (!this.#take('E')) all.push(this.#type())
        return `(${all.join(', ')})`
      }
      case 'B':
        return this.#back(() => this.#type())
      default:
        throw new RangeError(`no type ${tag}`)
    }
  }

  #back<T>(read: () => T): T {
    const to = this.#base62()
    const at = this.#at
    if (to >= at) throw new RangeError('a reference forward')
    this.#at = to
    const found = read()
    this.#at = at
    return found
  }

  #identifier(): string {
    if (this.#take('s')) this.#base62()
    const isPunycode = this.#take('u')
    const digits = /^\d+/.exec(this.#symbol.slice(this.#at))?.[0]
    if (digits === undefined) throw new RangeError('no identifier')
    this.#at += digits.length
    this.#take('_')
    const name = this.#symbol.slice(this.#at, this.#at + Number(digits))
    if (name.length < Number(digits) || isPunycode) throw new RangeError('cut off, or in another alphabet')
    this.#at += name.length
    return name
  }

  #base62(): number {
    const digits = /^[0-9a-zA-Z]*_/.exec(this.#symbol.slice(this.#at))?.[0]
    if (digits === undefined) throw new RangeError('no number')
    this.#at += digits.length
    if (digits === '_') return 0
    const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
    return (
      digits
        .slice(0, -1)
        .split('')
        .reduce((value, digit) => value * 62 + alphabet.indexOf(digit), 0) + 1
    )
  }

  #take(tag: string): boolean {
    if (this.#symbol[this.#at] !== tag) return false
    this.#at += 1
    return true
  }

  #next(): string {
    return this.#symbol[this.#at++] ?? ''
  }
}
