import fc from 'fast-check'
import { GliaError } from '../errors.ts'
import { newPid } from '../pid.ts'
import { addressOf, OTHER, SELF } from '../test-peer.ts'
import { Session } from './session.ts'
import type { SessionStream } from './session-stream.ts'
import { ACCEPTED_EXIT, EXIT, GIVEN_UP, SideRun } from './test-call-run.ts'
import { echoStream } from './test-peers.ts'
import { PipeEnd, type PipeTap } from './test-pipe.ts'
import { type CallProgram, type Fault, type Program, programs } from './test-programs.ts'
import { Referee, type Side } from './test-referee.ts'
import { World } from './test-world.ts'
import { readAll } from '../stream/web-streams.ts'

/** Time after which a call that is not over never will be, in ms. The slowest program takes some 20 minutes. */
const HANG_MS = 60 * 60_000
const MIN_WINDOW_BYTES = 32_768
const SIGNAL = new GliaError('ERR_ABORTED', 'the signal aborts')
const REFUSAL = new GliaError('ERR_NO_PROC', 'the server refuses')
const THROWN = new GliaError('ERR_DENIED', 'the server throws')
const REASON = new GliaError('ERR_PROC_STOPPED', 'the caller has a reason')
const PID = newPid()

/** A call of a program: how it went at both sides. The server may never learn of it. */
interface CallRun {
  program: CallProgram
  caller: SideRun | undefined
  server: SideRun | undefined
}

type Over = Record<Side, ReadonlySet<number>>

/** Each call of a program ends once at each side, with its bytes or a typed error, and nothing is left. */
export async function programProperty(): Promise<fc.IAsyncProperty<[Program]>> {
  return fc.asyncProperty(programs, async (program) => {
    const wrong = await runProgram(program)
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
  })
}

/** Runs a program between two real sessions. @param tap Sees what each side sends. @returns what was wrong. */
export async function runProgram(program: Program, tap?: (side: Side) => PipeTap): Promise<string[]> {
  const world = new World(program.seed)
  return world.live(() => new SessionRun(program, world, tap).run())
}

class SessionRun {
  readonly #program: Program
  readonly #world: World
  readonly #referee: Referee
  readonly #near: PipeEnd
  readonly #far: PipeEnd
  readonly #caller: Session
  readonly #server: Session
  readonly #calls: CallRun[]
  readonly #wrong: string[] = []
  /** The calls that were over when the session ended. */
  readonly #over: Over = { caller: new Set(), server: new Set() }
  #running = 0
  #isOver = false

  constructor(program: Program, world: World, tap = (side: Side): PipeTap => this.#referee.tap(side)) {
    this.#program = program
    this.#world = world
    const { near, far, maxBatchBytes, windowBytes, creditBytes, maxInboundCalls } = program
    this.#referee = new Referee(Math.max(windowBytes, MIN_WINDOW_BYTES))
    this.#near = new PipeEnd(world, near, tap('caller'))
    this.#far = new PipeEnd(world, far, tap('server'))
    this.#near.connect(this.#far)
    this.#far.connect(this.#near)
    this.#calls = program.calls.map((call) => ({ program: call, caller: undefined, server: undefined }))
    const common = { maxBatchBytes, windowBytes, creditBytes, maxInboundCalls }
    const serve = (stream: SessionStream): void => this.#serve(stream)
    this.#server = new Session({ ...common, channel: this.#far, local: SELF, remote: OTHER, serve })
    this.#caller = new Session({ ...common, channel: this.#near, local: OTHER, remote: SELF })
  }

  async run(): Promise<string[]> {
    const { fault } = this.#program
    void this.#caller.ended.then((reason) => this.#onEnd('caller', reason))
    void this.#server.ended.then((reason) => this.#onEnd('server', reason))
    for (const [index, call] of this.#calls.entries()) {
      this.#world.after(call.program.atMs, () => this.#open(index, call))
    }
    if (fault) this.#world.after(fault.atMs, () => this.#strike(fault))
    if (!(await this.#world.settle(HANG_MS, () => this.#look()))) this.#wrong.push('the session never comes to rest')
    if (this.#running > 0) this.#wrong.push(`${this.#running} sides of calls never end`)
    if (this.#caller.calls + this.#server.calls > 0)
      this.#wrong.push(`calls are left: ${this.#caller.calls} at the caller, ${this.#server.calls} at the server`)
    for (const [index, call] of this.#calls.entries()) {
      const notes = new Verdict(this.#program, call, this.#over).wrong
      this.#wrong.push(...notes.map((note) => `call ${index}: ${note}`))
    }
    if (!fault) await this.#stayWell()
    for (const session of [this.#caller, this.#server]) session.end()
    this.#isOver = true
    if (!(await this.#world.settle(2 * HANG_MS))) this.#wrong.push('an ended session does not rest')
    await Promise.all([this.#caller.ended, this.#server.ended])
    return [...this.#wrong, ...this.#referee.fouls]
  }

  #onEnd(side: Side, { code, message }: GliaError): void {
    this.#over[side] = this.#referee.overAt(side)
    if (!this.#program.fault && !this.#isOver)
      this.#wrong.push(`the session of the ${side} ended with ${code}: ${message}`)
  }

  #look(): void {
    const isIdle = this.#caller.calls + this.#server.calls === 0
    if (isIdle && this.#world.timers > 0) this.#wrong.push('a timer runs, and there are no calls')
  }

  /** After all its calls a session carries another one, and nothing else happens in it. */
  async #stayWell(): Promise<void> {
    this.#wrong.push(...this.#referee.balance())
    let reply: unknown
    const stream = this.#caller.open(addressOf(PID, 'echo', SELF))
    const sent = stream.write(Uint8Array.of(1, 2, 3)).then(() => stream.closeWrite())
    void Promise.all([readAll(stream), sent]).then(
      ([bytes]) => (reply = bytes),
      (thrown: unknown) => (reply = thrown),
    )
    await this.#world.settle(2 * HANG_MS)
    if (String(reply) !== '1,2,3') this.#wrong.push(`another call is answered ${String(reply)}`)
  }

  #open(index: number, call: CallRun): void {
    const { deadlineMs, signalMs, caller } = call.program
    const aborter = new AbortController()
    if (signalMs !== undefined) this.#world.after(signalMs, () => aborter.abort(SIGNAL))
    const stream = this.#caller.open(addressOf(PID, String(index), SELF), { signal: aborter.signal, deadlineMs })
    call.caller = new SideRun(stream, caller, this.#world)
    void this.#run(call.caller, startOf(index, 'server'), startOf(index, 'caller'))
  }

  #serve(stream: SessionStream): void {
    if (stream.methodName === 'echo') return void echoStream(stream)
    const index = Number(stream.methodName)
    const call = this.#calls[index]
    if (!call) return
    const { server } = call.program
    if (server === 'refuses') return stream.abort(REFUSAL)
    if (server === 'throws') throw THROWN
    if (call.server) this.#wrong.push(`call ${index} is served twice`)
    call.server = new SideRun(stream, server, this.#world)
    void this.#run(call.server, startOf(index, 'caller'), startOf(index, 'server'))
  }

  async #run(side: SideRun, reads: number, writes: number): Promise<void> {
    this.#running += 1
    await side.run(reads, writes)
    this.#running -= 1
  }

  #strike({ kind }: Fault): void {
    const [near, far] = [this.#near, this.#far]
    switch (kind) {
      case 'the channel closes':
        near.end(undefined)
        return far.end(undefined)
      case 'the channel is reset':
        near.end(new Error('reset'))
        return far.end(new Error('reset'))
      case 'the caller sends nothing more':
        near.silent = true
        return
      case 'the server sends nothing more':
        far.silent = true
        return
      case 'both are silent':
        near.silent = far.silent = true
        return
      case 'sending throws':
        near.broken = far.broken = true
        return
      case 'the caller ends the session':
        return this.#caller.end()
      case 'the server ends the session':
        return this.#server.end()
      case 'the caller ends the session for a reason':
        return this.#caller.end(REASON)
    }
  }
}

/** Where the bytes of a message begin in the pattern. */
function startOf(index: number, writer: Side): number {
  return (index * 2 + (writer === 'caller' ? 0 : 1)) * 1009
}

/** What a call may not come to. */
class Verdict {
  readonly wrong: string[] = []
  readonly #program: Program
  readonly #call: CallRun
  readonly #over: Over

  constructor(program: Program, call: CallRun, over: Over) {
    this.#program = program
    this.#call = call
    this.#over = over
    const { caller, server } = call
    if (caller) this.#judge('caller', caller, server)
    else this.wrong.push('it was never made')
    if (server) this.#judge('server', server, caller)
  }

  #judge(name: Side, side: SideRun, other: SideRun | undefined): void {
    const note = (what: string): unknown => this.wrong.push(`the ${name} ${what}`)
    const own = this.#call.program[name]
    const others = this.#call.program[name === 'caller' ? 'server' : 'caller']
    if (typeof own === 'string') return
    for (const what of side.wrong) note(what)
    const { readEnd, writeError, readBytes, stream } = side
    const sentBytes = typeof others === 'string' ? 0 : others.writer.bytes
    const exits = name === 'server' && own.writer.end.endsWith('exit')
    const otherExits = typeof others !== 'string' && others.writer.end.endsWith('exit')
    const isOtherLeaving =
      typeof others === 'string' || others.reader.bytes !== undefined || others.leaves !== undefined || otherExits
    const isLeaving = isOtherLeaving || own.leaves !== undefined
    if (name === 'caller' && stream.kept && (typeof others === 'string' || others.keepsAtMs === undefined))
      note('learns that its call is kept, and it is not')
    if (side.aborts > 1) note('was aborted twice')
    if (readEnd instanceof GliaError && readEnd.exitCode === undefined && stream.signal.reason !== readEnd)
      note(`read ${readEnd.code}, and its signal has ${String(stream.signal.reason)}`)
    if (readBytes > sentBytes) note(`read ${readBytes} of ${sentBytes} bytes`)
    if (readEnd === 'end' && !exits && !(other?.hasEnded && readBytes === other.writtenBytes))
      note(`read an end after ${readBytes} of ${other?.writtenBytes} bytes`)
    if (readEnd instanceof GliaError && readEnd.exitCode !== undefined && readBytes !== other?.writtenBytes)
      note(`read an exit after ${readBytes} of ${sentBytes} bytes`)
    if (this.#over[name].has(stream.id) && readEnd instanceof GliaError && readEnd.code === 'ERR_UNREACHABLE')
      note('loses bytes that had come, with the session')
    for (const error of [readEnd, writeError]) {
      if (!(error instanceof GliaError)) continue
      const isKnown = this.#reasons().some(({ code, message }) => code === error.code && message === error.message)
      const isTold = isKnown || this.#codes().includes(error.code)
      if (!isTold && !(error === writeError && error.code === 'ERR_NO_READER' && isLeaving))
        note(`fails with ${error.code}: ${error.message}`)
    }
    if (!this.#isQuiet()) return
    if (readEnd !== 'left' && !exits && readBytes !== sentBytes) note(`read ${readBytes} of ${sentBytes} bytes`)
    if (name === 'caller' && readEnd !== 'left' && typeof others !== 'string') {
      const told = readEnd instanceof GliaError ? readEnd : stream.exit
      const exit = { close: undefined, abort: undefined, exit: EXIT, 'accepted exit': ACCEPTED_EXIT }[others.writer.end]
      if (told?.exitCode !== exit?.exitCode) note(`learns of the exit ${told?.exitCode}`)
    }
  }

  /** Errors that somebody in the program gives as a reason. */
  #reasons(): GliaError[] {
    const { server } = this.#call.program
    const given = [GIVEN_UP, SIGNAL]
    if (server === 'refuses') given.push(REFUSAL)
    else if (server === 'throws') given.push(THROWN)
    else if (server.writer.end === 'exit') given.push(EXIT)
    if (this.#program.fault?.kind === 'the caller ends the session for a reason') given.push(REASON)
    return given
  }

  /** Codes that the program may lead to. */
  #codes(): string[] {
    const { fault, maxInboundCalls, calls } = this.#program
    const codes: string[] = []
    if (fault) codes.push('ERR_UNREACHABLE')
    if (this.#call.program.deadlineMs !== undefined) codes.push('ERR_DEADLINE')
    if (calls.length > maxInboundCalls) codes.push('ERR_MAILBOX_FULL')
    return codes
  }

  /** Whether nothing ends the call but its own two ends. */
  #isQuiet(): boolean {
    const { deadlineMs, signalMs, caller, server } = this.#call.program
    if (this.#codes().length > 0 || deadlineMs !== undefined || signalMs !== undefined || typeof server === 'string')
      return false
    return [caller, server].every(
      ({ reader, writer, leaves }) =>
        !leaves && writer.end !== 'abort' && (reader.bytes === undefined || reader.last !== 'abort'),
    )
  }
}
