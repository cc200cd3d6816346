import { Random } from '../random.ts'
import { HEADER, leb, moduleOf, type Section, SECTION, sectionsOf } from './sections.ts'

/** A module that something is wrong with, or may be. */
export interface Mutant {
  bytes: Uint8Array<ArrayBuffer>
  /** What it was made of, and how. */
  story: string
}

/** Real modules by their names. */
export type Corpus = ReadonlyMap<string, Uint8Array>

/** Most changes that one module gets: with more, hardly any would get past the compiler. */
const MAX_CHANGES = 4
/** Longest run of bytes that is put in, taken out or doubled. */
const MAX_RUN = 64

/** Where reading goes wrong easily: page counts around a memory's caps, and the ends of the integers. */
const LIMITS = [0, 1, 2, 16, 1024, 4095, 4096, 4097, 65_535, 65_536, 65_537, 10_000_000, 2 ** 31, 2 ** 32 - 1, 2 ** 32]
/** Eight bytes that go on, one that may end a number, and numbers that are longer than they may be. */
const NUMBERS = [
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0x00],
  [0x7f],
]
const NAMES = [
  '',
  '_start',
  '_initialize',
  'memory',
  'wasi_snapshot_preview1',
  'wasi_unstable',
  'env',
  'fd_read',
  'proc_exit',
  'poll_oneoff',
  'toString',
  '__proto__',
  'constructor',
  'then',
  'a/b',
  '..',
  '%',
  '\0',
  'line\nbreak',
  '\u{202e}reversed',
  'x'.repeat(300),
]

/** Changes of bytes, whatever they mean. */
const BYTE_CHANGES: Record<string, (bytes: number[], random: Random) => void> = {
  'bits flipped': (bytes, random) => {
    for (let left = 1 + random.below(8); left > 0; left--) {
      const at = random.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    }
  },
  'a byte replaced': (bytes, random) => {
    bytes[random.below(bytes.length)] = random.pick([0x00, 0x0b, 0x40, 0x7f, 0x80, 0xff, random.below(256)])
  },
  'bytes put in': (bytes, random) => {
    bytes.splice(random.below(bytes.length), 0, ...random.bytes(1 + random.below(MAX_RUN)))
  },
  'bytes taken out': (bytes, random) => {
    bytes.splice(random.below(bytes.length), 1 + random.below(MAX_RUN))
  },
  'bytes doubled': (bytes, random) => {
    const at = random.below(bytes.length)
    bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random.below(MAX_RUN)))
  },
  'cut off': (bytes, random) => {
    bytes.length = random.below(bytes.length)
  },
  'a number replaced': (bytes, random) => {
    bytes.splice(random.below(bytes.length), 1 + random.below(3), ...random.pick(NUMBERS))
  },
}

/** Changes of sections: all else stays as it has to be, so more of these are modules that can be compiled. */
const SECTION_CHANGES: Record<string, (sections: Section[], random: Random, other: readonly Section[]) => void> = {
  'two sections swapped': (sections, random) => {
    const [a, b] = [random.below(sections.length), random.below(sections.length)]
    const [first, second] = [sections[a], sections[b]]
    if (first && second) [sections[a], sections[b]] = [second, first]
  },
  'a section doubled': (sections, random) => {
    const at = random.below(sections.length)
    sections.splice(at, 0, ...sections.slice(at, at + 1))
  },
  'a section taken out': (sections, random) => {
    sections.splice(random.below(sections.length), 1)
  },
  'a section of another module': (sections, random, other) => {
    const foreign = random.pick(other)
    const at = sections.findIndex(({ id }) => id === foreign.id)
    if (at >= 0) sections.splice(at, 1, foreign)
    else sections.splice(random.below(sections.length + 1), 0, foreign)
  },
  'one byte of a section': (sections, random) => {
    const { content } = random.pick(sections)
    if (content.length > 0) content[random.below(content.length)] = random.below(256)
  },
  'the limits of the memory': (sections, random) => {
    const memories = Array.from({ length: random.pick([1, 1, 1, 1, 2, 3]) }, () => limits(random))
    put(sections, SECTION.memory, [...leb(memories.length), ...memories.flat()])
  },
  'the limits of a table': (sections, random) => {
    put(sections, SECTION.table, [1, random.pick([0x70, 0x70, 0x6f]), ...limits(random)])
  },
  'a name of an import': (sections, random) => rename(sections, SECTION.import, random),
  'a name of an export': (sections, random) => rename(sections, SECTION.export, random),
}

/** Operators of two i32 that give one, by what they take and give: arithmetic, comparisons. */
const ALIKE = [
  [0x6a, 0x78],
  [0x46, 0x4f],
] as const

/** Changes after which most modules can still be compiled, and do something else. */
const MEANING_CHANGES: Record<string, (sections: readonly Section[], random: Random) => void> = {
  'an operator': (sections, random) => {
    const content = contentOf(sections, SECTION.code)
    const [low, high] = random.pick(ALIKE)
    const at = somewhere(content, random, (byte) => byte >= low && byte <= high)
    if (at !== undefined) content[at] = low + random.below(high - low + 1)
  },
  'a small constant': (sections, random) => {
    const content = contentOf(sections, SECTION.code)
    // i32.const, and a number of one byte.
    const at = somewhere(content, random, (byte, i) => byte === 0x41 && (content[i + 1] ?? 0x80) < 0x80)
    if (at !== undefined) content[at + 1] = random.below(0x80)
  },
  'a byte of the data': (sections, random) => {
    const content = contentOf(sections, SECTION.data)
    if (content.length > 0)
      content[content.length - 1 - random.below(Math.ceil(content.length / 2))] = random.below(256)
  },
  'a name of an export': (sections, random) => rename(sections, SECTION.export, random),
}

/** The module of a seed: for the same corpus it is always the same. */
export function mutate(corpus: Corpus, seed: number): Mutant {
  const random = new Random(seed)
  const names = [...corpus.keys()]
  const [from, with_] = [random.pick(names), random.pick(names)]
  const done: string[] = []
  let bytes = Uint8Array.from(corpus.get(from) ?? HEADER)
  if (random.below(2) === 0) {
    const sections = sectionsOf(bytes)
    for (let left = 1 + random.below(MAX_CHANGES); left > 0; left--) {
      const change = random.pick(Object.keys(MEANING_CHANGES))
      MEANING_CHANGES[change]?.(sections, random)
      done.push(change)
    }
    return { bytes: moduleOf(sections), story: `${from}: ${done.join(', ')}` }
  }
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left--) {
    if (bytes.length === 0) break
    const sections = sectionsOf(bytes)
    const bySection = sections.length > 0 && random.below(2) === 0
    const change = random.pick(Object.keys(bySection ? SECTION_CHANGES : BYTE_CHANGES))
    if (bySection) {
      SECTION_CHANGES[change]?.(sections, random, sectionsOf(corpus.get(with_) ?? bytes))
      bytes = moduleOf(sections)
    } else {
      const changed = [...bytes]
      BYTE_CHANGES[change]?.(changed, random)
      bytes = Uint8Array.from(changed)
    }
    done.push(change)
  }
  return { bytes, story: `${from} (beside it ${with_}): ${done.join(', ')}` }
}

/** Flags, a minimum, and a maximum where the flags say that there is one. */
function limits(random: Random): number[] {
  const flags = random.pick([0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 7])
  return [flags, ...leb(random.pick(LIMITS)), ...((flags & 1) === 1 ? leb(random.pick(LIMITS)) : [])]
}

/** Replaces a section, or puts it where it belongs. Custom sections (0) may stand anywhere. */
function put(sections: Section[], id: number, content: number[]): void {
  const at = sections.findIndex((section) => section.id >= id)
  if (at < 0) sections.push({ id, content })
  else sections.splice(at, sections[at]?.id === id ? 1 : 0, { id, content })
}

/** Puts another name in the place of what looks like one: a length, and as many letters. */
function rename(sections: readonly Section[], id: number, random: Random): void {
  const content = sections.find((section) => section.id === id)?.content
  if (!content) return
  const starts = content.flatMap((length, at) => (isName(content.slice(at + 1, at + 1 + length), length) ? [at] : []))
  if (starts.length === 0) return
  const at = random.pick(starts)
  const broken = random.below(8) === 0
  const name = broken ? random.bytes(1 + random.below(16)) : [...new TextEncoder().encode(random.pick(NAMES))]
  content.splice(at, 1 + (content[at] ?? 0), ...leb(name.length), ...name)
}

function contentOf(sections: readonly Section[], id: number): number[] {
  return sections.find((section) => section.id === id)?.content ?? []
}

/** Looks on from anywhere. @returns an index; undefined if there is none such. */
function somewhere(
  content: readonly number[],
  random: Random,
  isWanted: (byte: number, index: number) => boolean,
): number | undefined {
  const start = random.below(Math.max(1, content.length))
  for (let i = 0; i < content.length; i++) {
    const at = (start + i) % content.length
    if (isWanted(content[at] ?? 0, at)) return at
  }
  return undefined
}

function isName(letters: readonly number[], length: number): boolean {
  return length > 1 && letters.length === length && letters.every((letter) => letter >= 0x21 && letter < 0x7f)
}
