import fc from 'fast-check'

/** Damages a list of byte strings: the frames of a conversation, or one message. */
export type Mutation = (pieces: Uint8Array[]) => Uint8Array[]

const encoder = new TextEncoder()

/** Varints and lengths where reading goes wrong easily: too long, too large, not in the shortest form, without end. */
const NUMBERS = [
  [0x00],
  [0x7f],
  [0x80, 0x00],
  [0xff, 0x7f],
  [0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
]

/** JSON that looks like what is expected and is not. */
export const HOSTILE_JSON = [
  'null',
  '[]',
  '0',
  '""',
  '{',
  '{}',
  '{"__proto__":{"to":"x","code":"x","message":"x"}}',
  '{"constructor":{"prototype":{"code":1}},"toString":1,"to":{},"code":{},"message":[]}',
  '{"code":"__proto__","message":"x"}',
  '{"code":"constructor","exactly":"toString","message":"\\ud800"}',
  '{"code":"ERR_EXITED","message":"x","exitCode":1e400}',
  '{"code":"ERR_EXITED","message":"x","exitCode":-0,"accepted":{}}',
  '{"code":"ERR_EXITED","message":"x","exitCode":4294967295,"accepted":true}',
  '{"to":"/ww/0.1.0/self/root/run"}',
  '{"to":"/ww/0.1.0/__proto__/constructor/toString"}',
  `{"to":"${'/'.repeat(4000)}"}`,
  '{"to":"x","deadlineMs":1e308,"expectedBytes":1e308}',
  '{"to":"x","deadlineMs":9007199254740993}',
  '{"to":"x","chain":{"length":3},"for":"x"}',
  `{"to":"x","chain":[${'"",'.repeat(2000)}""]}`,
  '['.repeat(8000),
  `${'{"a":'.repeat(1300)}1${'}'.repeat(1300)}`,
  '[{"pid":"__proto__","name":{},"methods":{"length":-1}},null,[],0]',
  '{"peer":"__proto__","host":{"toString":1}}',
].map((text) => encoder.encode(text))

const place = fc.nat(65_535)
const byte = fc.nat(255)

/** Changes of one piece; `at` is a place in it. */
const changes: fc.Arbitrary<(piece: Uint8Array, at: number) => Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(7).map((bit) => (piece: Uint8Array, at: number) => flip(piece, at, 1 << bit)) },
  { weight: 2, arbitrary: byte.map((value) => (piece: Uint8Array, at: number) => splice(piece, at, 1, [value])) },
  fc.uint8Array({ maxLength: 40 }).map((bytes) => (piece: Uint8Array, at: number) => splice(piece, at, 0, bytes)),
  fc.nat(40).map((count) => (piece: Uint8Array, at: number) => splice(piece, at, count, [])),
  fc.constant((piece: Uint8Array, at: number) => piece.slice(0, at)),
  fc.constant((piece: Uint8Array, at: number) => splice(piece, at, 0, piece.slice(at, at + 40))),
  fc.constantFrom(...NUMBERS).map((number) => (piece: Uint8Array, at: number) => splice(piece, at, 1, number)),
  fc.constantFrom(...HOSTILE_JSON).map((json) => (piece: Uint8Array, at: number) => replaceJson(piece, at, json)),
)

/** Near the start of a piece are its type, its lengths and its ids. */
const changeOfPiece: fc.Arbitrary<Mutation> = fc.tuple(place, fc.oneof(fc.nat(8), place), changes).map(
  ([which, at, change]) =>
    (pieces) =>
      pieces.map((piece, i) => (i === which % pieces.length ? change(piece, at % (piece.length + 1)) : piece)),
)

/** Changes of the order: a piece is left out, doubled, moved, or gets the rest of another one. */
const changeOfOrder: fc.Arbitrary<Mutation> = fc
  .tuple(place, place, place, fc.constantFrom('drop', 'double', 'move', 'splice', 'cut'))
  .map(([first, second, at, kind]) => (pieces) => {
    const [from, to] = [first % pieces.length, second % pieces.length]
    const [piece, other] = [pieces[from] ?? new Uint8Array(), pieces[to] ?? new Uint8Array()]
    const without = pieces.toSpliced(from, 1)
    if (kind === 'drop') return without
    if (kind === 'double') return pieces.toSpliced(to, 0, piece)
    if (kind === 'move') return without.toSpliced(to, 0, piece)
    if (kind === 'cut') return pieces.slice(0, from)
    const cut = at % (piece.length + 1)
    return pieces.with(from, splice(piece, cut, piece.length, other.slice(at % (other.length + 1))))
  })

/** One to four changes, one after the other. */
export const mutations: fc.Arbitrary<Mutation> = fc
  .array(fc.oneof({ weight: 3, arbitrary: changeOfPiece }, { weight: 1, arbitrary: changeOfOrder }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(
    (all) => (pieces) => all.reduce<Uint8Array[]>((some, each) => (some.length > 0 ? each(some) : some), [...pieces]),
  )

function flip(piece: Uint8Array, at: number, bit: number): Uint8Array {
  return splice(piece, at, 1, [(piece[at] ?? 0) ^ bit])
}

function splice(piece: Uint8Array, at: number, count: number, bytes: ArrayLike<number>): Uint8Array {
  const rest = piece.subarray(Math.min(piece.length, at + count))
  const made = new Uint8Array(at + bytes.length + rest.length)
  made.set(piece.subarray(0, at))
  made.set(bytes, at)
  made.set(rest, at + bytes.length)
  return made
}

/** Puts JSON in the place of JSON, or anywhere if there is none. */
function replaceJson(piece: Uint8Array, at: number, json: Uint8Array): Uint8Array {
  const start = piece.indexOf(0x7b)
  const end = piece.lastIndexOf(0x7d)
  return start < 0 || end < start ? splice(piece, at, 0, json) : splice(piece, start, end + 1 - start, json)
}
