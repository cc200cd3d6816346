import fc from 'fast-check'
import { newPid } from '../pid.ts'
import { addressOf, OTHER, SELF } from '../test-peer.ts'
import { mutations } from '../test-mutations.ts'
import { Batch } from './batch.ts'
import { Session } from './session.ts'
import type { SessionStream } from './session-stream.ts'
import { Splitter } from './splitter.ts'
import { SideRun } from './test-call-run.ts'
import { frameChanges } from './test-frame-changes.ts'
import { PipeEnd, type PipeTap } from './test-pipe.ts'
import { type Program, programs } from './test-programs.ts'
import type { Side } from './test-referee.ts'
import { runProgram } from './test-session-run.ts'
import { World } from './test-world.ts'
import { concat } from '../stream/concat.ts'

/** A valid conversation: the frames of both sides, without their lengths. */
interface Conversation {
  program: Program
  caller: Uint8Array[]
  server: Uint8Array[]
}

/** Frames that reach a real session instead of those that its program expects. */
interface Mutant {
  seed: number
  conversation: number
  /** The side that gets the frames. */
  victim: Side
  mutate: (frames: Uint8Array[]) => Uint8Array[]
  /** Whether lengths of frames are damaged too. */
  isRaw: boolean
  /** What comes after the frames. */
  end: 'close' | 'reset' | 'silence'
  pieces: number[]
}

const CONVERSATIONS = 40
const HANG_MS = 60 * 60_000
/** Larger conversations would take too long, 100,000 times. */
const MAX_BYTES = 100_000
const PID = newPid()

/** A session that gets damaged frames ends by a breach at most, and leaves nothing. */
export async function mutantProperty(): Promise<fc.IAsyncProperty<[Mutant]>> {
  const conversations = await record(CONVERSATIONS)
  return fc.asyncProperty(mutants, async (mutant) => {
    const conversation = conversations[mutant.conversation % conversations.length]
    const wrong = conversation ? await runMutant(mutant, conversation) : ['nothing was recorded']
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
  })
}

/** Records what is said in programs. The same seed gives the same conversations. */
async function record(count: number): Promise<Conversation[]> {
  const recorded: Conversation[] = []
  for (const program of fc.sample(programs, { seed: 5, numRuns: count * 8 })) {
    if (program.fault || bytesOf(program) > MAX_BYTES) continue
    const conversation: Conversation = { program, caller: [], server: [] }
    // oxlint-disable-next-line no-await-in-loop -- there is one world at a time
    await runProgram(program, (side) => tapFrames(conversation[side]))
    recorded.push(conversation)
    if (recorded.length === count) break
  }
  return recorded
}

const mutants: fc.Arbitrary<Mutant> = fc.record({
  seed: fc.nat(),
  conversation: fc.nat(CONVERSATIONS - 1),
  victim: fc.constantFrom<Side>('caller', 'server'),
  mutate: fc
    .array(fc.oneof(frameChanges, mutations), { minLength: 1, maxLength: 3 })
    .map((all) => (frames: Uint8Array[]) => all.reduce((some, each) => (some.length > 0 ? each(some) : some), frames)),
  isRaw: fc.boolean(),
  end: fc.constantFrom('close', 'reset', 'silence'),
  pieces: fc.array(fc.oneof(fc.constant(100_000), fc.integer({ min: 1, max: 300 })), { minLength: 1, maxLength: 3 }),
})

/** Feeds a session with damaged frames. @returns what was wrong. */
async function runMutant(mutant: Mutant, { program, ...frames }: Conversation): Promise<string[]> {
  const world = new World(mutant.seed)
  return world.live(() => new MutantRun(mutant, program, frames, world).run())
}

class MutantRun {
  readonly #world: World
  readonly #wrong: string[] = []
  readonly #mutant: Mutant
  readonly #program: Program
  readonly #ghost: PipeEnd
  readonly #session: Session
  readonly #bytes: Uint8Array
  #running = 0
  #code: string | undefined

  constructor(mutant: Mutant, program: Program, frames: Record<Side, Uint8Array[]>, world: World) {
    const { victim, pieces, isRaw, mutate } = mutant
    this.#world = world
    this.#mutant = mutant
    this.#program = program
    const sent = frames[victim === 'caller' ? 'server' : 'caller']
    this.#bytes = isRaw ? concat(mutate(sent.map(withLength))) : concat(mutate(sent).map(withLength))
    this.#ghost = new PipeEnd(world, { pieces, delaysMs: [0, 5], capacityBytes: Infinity })
    const end = new PipeEnd(world, { pieces: [100_000], delaysMs: [0], capacityBytes: 65_536 })
    this.#ghost.connect(end)
    end.connect(this.#ghost)
    this.#ghost.listen({ data: () => undefined, drain: () => undefined, closed: () => undefined })
    const [local, remote] = victim === 'caller' ? [OTHER, SELF] : [SELF, OTHER]
    const serve = (stream: SessionStream): void => this.#serve(stream)
    this.#session = new Session({ channel: end, local, remote, ...(victim === 'server' && { serve }) })
  }

  async run(): Promise<string[]> {
    const { victim, end } = this.#mutant
    void this.#session.ended.then(({ code }) => (this.#code ??= code))
    if (victim === 'caller') {
      for (const [index, { caller }] of this.#program.calls.entries()) {
        this.#run(new SideRun(this.#session.open(addressOf(PID, String(index), SELF)), caller, this.#world))
      }
    }
    if (this.#bytes.length > 0) this.#ghost.send(this.#bytes)
    if (end === 'close') this.#ghost.close()
    if (end === 'reset') this.#world.after(50, () => this.#ghost.close(new Error('reset')))
    if (!(await this.#world.settle(HANG_MS, () => this.#look()))) this.#wrong.push('the session never comes to rest')
    this.#session.end()
    await this.#session.ended
    await this.#world.settle(2 * HANG_MS)
    if (this.#running > 0) this.#wrong.push(`${this.#running} sides of calls never end`)
    if (this.#session.calls > 0) this.#wrong.push(`${this.#session.calls} calls are left`)
    if (this.#code !== undefined && this.#code !== 'ERR_PROTOCOL' && this.#code !== 'ERR_UNREACHABLE')
      this.#wrong.push(`the session ends with ${this.#code}`)
    return this.#wrong
  }

  #look(): void {
    if (this.#session.calls === 0 && this.#world.timers > 0) this.#wrong.push('a timer runs, and there are no calls')
    if (this.#session.calls > 256) this.#wrong.push('it takes calls without end')
  }

  #serve(stream: SessionStream): void {
    const call = this.#program.calls[Number(stream.methodName)]
    if (!call || typeof call.server === 'string') throw new Error('the server throws')
    this.#run(new SideRun(stream, call.server, this.#world))
  }

  #run(side: SideRun): void {
    this.#running += 1
    // The bytes are not those of the program.
    void side.run(0, 0).then(() => {
      this.#running -= 1
      this.#wrong.push(...side.wrong.filter((what) => what !== 'read other bytes than were sent'))
      if (side.aborts > 1) this.#wrong.push('a call was aborted twice')
    })
  }
}

function bytesOf({ calls }: Program): number {
  const sides = calls.flatMap(({ caller, server }) => (typeof server === 'string' ? [caller] : [caller, server]))
  return sides.reduce((sum, { writer }) => sum + writer.bytes, 0)
}

function tapFrames(frames: Uint8Array[]): PipeTap {
  const splitter = new Splitter((frame) => frames.push(frame.slice()))
  return { sent: (bytes) => splitter.push(bytes), arrived: () => undefined }
}

export function withLength(frame: Uint8Array): Uint8Array {
  const batch = new Batch(frame.length + 8)
  batch.varint(frame.length)
  batch.bytes(frame)
  return batch.take()
}
