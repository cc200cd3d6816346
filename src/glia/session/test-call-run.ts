import { GliaError } from '../errors.ts'
import type { SessionStream } from './session-stream.ts'
import type { ReaderProgram, SideProgram, WriterProgram } from './test-programs.ts'
import type { World } from './test-world.ts'

/** The bytes of all messages: each begins at a place of its own. */
const PATTERN = pattern(2 ** 22)

export const EXIT = new GliaError('ERR_EXITED', 'the program exited', { exitCode: 3 })
export const ACCEPTED_EXIT = new GliaError('ERR_EXITED', 'the program exited', { exitCode: 4, accepted: true })
export const GIVEN_UP = new GliaError('ERR_ABORTED', 'a program gives up')

/** One side of a call while its program runs, and what comes of it. */
export class SideRun {
  readonly stream: SessionStream
  /** Bytes that were read, and how reading ended: at the end, by this side, or with an error. */
  readBytes = 0
  readEnd: 'end' | 'left' | GliaError | undefined
  writeError: GliaError | undefined
  /** Bytes whose writes resolved, and whether the end was written behind them. */
  writtenBytes = 0
  hasEnded = false
  /** How often the signal aborted. */
  aborts = 0
  /** What was wrong. */
  readonly wrong: string[] = []
  readonly #world: World
  readonly #program: SideProgram
  #hasLeft = false

  constructor(stream: SessionStream, program: SideProgram, world: World) {
    this.stream = stream
    this.#program = program
    this.#world = world
    stream.signal.addEventListener('abort', () => (this.aborts += 1))
  }

  /** @param reads Where the bytes begin that this side reads, @param writes and those that it writes. */
  async run(reads: number, writes: number): Promise<void> {
    const { reader, writer, readsFirst, leaves, keepsAtMs } = this.#program
    if (keepsAtMs !== undefined && !this.stream.opensHere) this.#world.after(keepsAtMs, () => this.stream.keep())
    if (leaves) this.#world.after(leaves.atMs, () => this.#leave(leaves.how))
    const reading = this.#read(reader, reads)
    if (readsFirst) await reading
    await Promise.all([reading, this.#write(writer, writes)])
    await this.#readAgain()
  }

  async #read({ bytes = Infinity, pauseMs, last }: ReaderProgram, start: number): Promise<void> {
    while (this.readBytes < bytes) {
      await this.#world.pause(pauseMs)
      let chunk: Uint8Array | null
      try {
        chunk = await this.stream.read()
      } catch (thrown) {
        this.readEnd = this.#typed(thrown)
        return
      }
      if (chunk === null) {
        this.readEnd = this.#hasLeft ? 'left' : 'end'
        return
      }
      if (chunk.length === 0) this.wrong.push('read nothing')
      const from = start + this.readBytes
      if (!isAt(chunk, from)) this.wrong.push('read other bytes than were sent')
      this.readBytes += chunk.length
    }
    this.readEnd = 'left'
    if (last === 'abort') this.stream.abort(GIVEN_UP)
    else await this.stream.closeRead()
  }

  async #write({ bytes, chunkBytes, pauseMs, waits, end }: WriterProgram, start: number): Promise<void> {
    const waiting: Promise<void>[] = []
    try {
      for (let at = 0; at < bytes; at += chunkBytes) {
        await this.#world.pause(pauseMs)
        const chunk = PATTERN.subarray(start + at, start + Math.min(bytes, at + chunkBytes))
        const written = this.stream.write(chunk).then(() => void (this.writtenBytes += chunk.length))
        // Handled at once, because it may fail before the others are written.
        written.catch(() => undefined)
        waiting.push(written)
        if (waits) await written
      }
      await Promise.all(waiting)
    } catch (thrown) {
      this.writeError = this.#typed(thrown)
      // Nobody wants the rest. For a caller that is the end, and a server goes on.
      if (this.writeError.code !== 'ERR_NO_READER' || this.stream.opensHere) return
    }
    if (end === 'abort') return this.stream.abort(GIVEN_UP)
    this.hasEnded = true
    if (end === 'close') return this.stream.closeWrite()
    this.stream.closeWithExit(end === 'exit' ? EXIT : ACCEPTED_EXIT)
    // It has no effect after an exit.
    if (end === 'exit') await this.stream.closeWrite()
  }

  #leave(how: NonNullable<SideProgram['leaves']>['how']): void {
    this.#hasLeft = true
    if (how === 'stop') return void this.stream.closeRead()
    if (how === 'abort') return this.stream.abort(GIVEN_UP)
    this.hasEnded = true
    void this.stream.close()
  }

  /** An end stays what it was. */
  async #readAgain(): Promise<void> {
    if (this.readEnd === undefined || this.readEnd === 'left') return
    const again = await this.stream.read().then(
      (chunk) => (chunk === null ? 'end' : 'bytes'),
      (thrown: unknown) => thrown,
    )
    // After the end of this direction the call may still fail, and whoever leaves a program that has exited reads the end.
    const isAfterEnd = this.readEnd === 'end' || this.readEnd.exitCode !== undefined
    const isOver = again === this.stream.signal.reason || (this.#hasLeft && again === 'end')
    if (again !== this.readEnd && !(isAfterEnd && isOver))
      this.wrong.push(`read ${String(again)} after ${String(this.readEnd)}`)
  }

  #typed(thrown: unknown): GliaError {
    if (thrown instanceof GliaError) return thrown
    this.wrong.push(`an error without a type: ${String(thrown)}`)
    return new GliaError('ERR_INTERNAL', String(thrown))
  }
}

/** Whether bytes are those of the pattern from a place on. */
function isAt(bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== PATTERN[start + i]) return false
  return true
}

function pattern(length: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length)
  let state = 1
  for (let i = 0; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647
    made[i] = state
  }
  return made
}
