import fc from 'fast-check'
import type { PipeManner } from './test-pipe.ts'

/** What one side of a call writes. */
export interface WriterProgram {
  bytes: number
  chunkBytes: number
  /** Before each chunk, in ms. */
  pauseMs: number
  /** Whether it waits for room. If not, its message is small. */
  waits: boolean
  end: 'close' | 'abort' | 'exit' | 'accepted exit'
}

/** What one side of a call reads. */
export interface ReaderProgram {
  /** So many bytes or more; undefined: all. */
  bytes: number | undefined
  /** Before each read, in ms. */
  pauseMs: number
  /** What comes after so many bytes. */
  last: 'stop' | 'abort'
}

export interface SideProgram {
  writer: WriterProgram
  reader: ReaderProgram
  /** Whether it writes only after it has read. */
  readsFirst: boolean
  /** When it leaves whatever it is doing, in ms after the call began, and how. */
  leaves: { atMs: number; how: 'stop' | 'abort' | 'close' } | undefined
  /** When a server says that it keeps the call, in ms after the call began. */
  keepsAtMs: number | undefined
}

export interface CallProgram {
  atMs: number
  deadlineMs: number | undefined
  /** When the signal of the caller aborts, in ms after the call was opened. */
  signalMs: number | undefined
  caller: SideProgram
  server: SideProgram | 'refuses' | 'throws'
}

/** What becomes of the whole session. */
export interface Fault {
  kind: (typeof FAULTS)[number]
  atMs: number
}

export interface Program {
  seed: number
  calls: CallProgram[]
  near: PipeManner
  far: PipeManner
  maxBatchBytes: number
  windowBytes: number
  creditBytes: number
  maxInboundCalls: number
  fault: Fault | undefined
}

const FAULTS = [
  'the channel closes',
  'the channel is reset',
  'the caller sends nothing more',
  'the server sends nothing more',
  'both are silent',
  'sending throws',
  'the caller ends the session',
  'the server ends the session',
  'the caller ends the session for a reason',
] as const

const MiB = 2 ** 20

/** One of the second among so many of the first. */
function mostly<A, B>(most: number, usual: fc.Arbitrary<A>, other: fc.Arbitrary<B>): fc.Arbitrary<A | B> {
  return fc.oneof({ weight: most, arbitrary: usual }, { weight: 1, arbitrary: other })
}

const none = fc.constant(undefined)
/** Chunks that one message has at most, so that a run takes milliseconds. */
const MAX_CHUNKS = 200
/** A stream that has more to send has one writer at a time. */
const MAX_UNWAITED_BYTES = 60_000

const messageBytes = fc.oneof(
  { weight: 8, arbitrary: fc.nat(300) },
  { weight: 4, arbitrary: fc.nat(100_000) },
  { weight: 4, arbitrary: fc.constantFrom(0, 16_383, 16_384, 16_385, 65_535, 65_536, 262_143, 262_144, 262_145) },
  { weight: 1, arbitrary: fc.integer({ min: 300_000, max: 3 * MiB }) },
)
const pauseMs = mostly(5, fc.constant(0), fc.constantFrom(1, 20, 900))

const writer = (ends: WriterProgram['end'][]): fc.Arbitrary<WriterProgram> =>
  fc
    .record({
      bytes: messageBytes,
      chunkBytes: fc.constantFrom(MiB, 1, 100, 4096, 16_384, 70_000),
      pauseMs,
      waits: mostly(5, fc.constant(true), fc.constant(false)),
      end: mostly(6, fc.constant('close' as const), fc.constantFrom(...ends)),
    })
    .map(({ bytes, chunkBytes, ...made }) => {
      const count = made.waits ? bytes : Math.min(bytes, MAX_UNWAITED_BYTES)
      return { ...made, bytes: count, chunkBytes: Math.max(chunkBytes, Math.ceil(count / MAX_CHUNKS)) }
    })

const reader: fc.Arbitrary<ReaderProgram> = fc.record({
  bytes: mostly(3, none, messageBytes),
  pauseMs,
  last: mostly(3, fc.constant('stop' as const), fc.constant('abort' as const)),
})

const leaves: fc.Arbitrary<SideProgram['leaves']> = mostly(
  8,
  none,
  fc.record({ atMs: fc.nat(500), how: fc.constantFrom('stop' as const, 'abort' as const, 'close' as const) }),
)

const side = (ends: WriterProgram['end'][]): fc.Arbitrary<SideProgram> =>
  fc.record({
    writer: writer(ends),
    reader,
    readsFirst: fc.boolean(),
    leaves,
    keepsAtMs: mostly(3, none, mostly(1, fc.constant(0), fc.nat(300))),
  })

const call: fc.Arbitrary<CallProgram> = fc.record({
  atMs: fc.oneof(fc.constant(0), fc.nat(200)),
  deadlineMs: mostly(5, none, fc.integer({ min: 1, max: 5000 })),
  signalMs: mostly(8, none, fc.nat(2000)),
  // Otherwise both could wait for the other.
  caller: side(['close', 'abort']).map((made) => ({ ...made, readsFirst: false })),
  server: mostly(
    12,
    side(['close', 'abort', 'exit', 'accepted exit']),
    fc.constantFrom('refuses' as const, 'throws' as const),
  ),
})

const manner: fc.Arbitrary<PipeManner> = fc.record({
  pieces: fc.array(
    fc.oneof(fc.constant(100_000), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 20_000 })),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  delaysMs: fc.array(fc.oneof(fc.constant(0), fc.nat(100)), { minLength: 1, maxLength: 4 }),
  capacityBytes: fc.constantFrom(10 * MiB, 65_536, 16_377, 1),
})

/** What two peers do in a session, and what becomes of it. */
export const programs: fc.Arbitrary<Program> = fc.record({
  seed: fc.nat(),
  calls: mostly(6, fc.array(call, { minLength: 1, maxLength: 4 }), fc.array(call, { minLength: 5, maxLength: 24 })),
  near: manner,
  far: manner,
  maxBatchBytes: fc.constantFrom(65_536, 16_377, 1),
  windowBytes: fc.constantFrom(MiB, 262_144, 1),
  creditBytes: fc.constantFrom(262_144, 524_288, MiB),
  maxInboundCalls: mostly(5, fc.constant(256), fc.constantFrom(1, 3)),
  fault: mostly(2, none, fc.record({ kind: fc.constantFrom(...FAULTS), atMs: fc.nat(1000) })),
})
