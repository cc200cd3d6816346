import { releaseProxy, type Remote, transfer, wrap } from 'comlink'
import type { Actor, ActorPlace, Message } from '../../glia/process/actor.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import type { ExitReason } from '../../glia/process/exit.ts'
import { COMMAND } from '../../glia/process/actor.ts'
import type { GuestFrame } from '../carrier/frames.ts'
import { mib } from '../module/cap-memory.ts'
import { type RunEnd, RunStatus } from './control.ts'
import type { FileChange } from '../files/files-api.ts'
import type { FilesSession } from '../files/files-session.ts'
import { noRoom } from './host-limit.ts'
import { Lane, type LaneInit } from './lane.ts'
import { newWorker } from './new-worker.ts'
import type { OutgoingCalls, OutgoingInit } from '../outgoing/outgoing-calls.ts'
import type { ProcessFiles } from '../files/process-files.ts'
import { buffersOf, type Checkpoint, type Extent, readCheckpoint, type WholeSnapshot } from '../snapshot/snapshot.ts'
import type { InstanceMemory, TakeState } from '../snapshot/process-memory.ts'
import { RingWire } from './ring-wire.ts'
import { stackHint } from '../module/trap-text.ts'
import {
  type ActorWorkerApi,
  type CallRoot,
  type Paused,
  type Program,
  isTaken,
  readCount,
  readServeEnd,
  readTaken,
  type ServeEnd,
  type TierName,
} from './worker-api.ts'

/** Longest time that an actor takes to give what it has in memory, in ms. The store has it too. */
const LEAVE_MS = 1000

export interface WorkerActorInit {
  program: Program
  /** The size to which the instance's memory can grow, in bytes; undefined if it cannot grow. */
  memoryLimitBytes: number | undefined
  tier: TierName
  /** Starts the actor worker's script. @throws {GliaError} ERR_START if that fails. */
  createWorker(): Promise<Worker>
  /** Gets what the guest writes to stderr. */
  onStderr(bytes: Uint8Array): void
  /** Gets lines for the log after a trap: the guest's frames, innermost first, and what may help. */
  onTrap(lines: readonly string[]): void
  /** Lets the guest call others, or send HTTP requests. Left out: it may not. */
  outgoing?: (Omit<OutgoingInit, 'post' | 'nudge'> & { roots: readonly CallRoot[] }) | undefined
  /** The files under `/data`. Left out: nothing outlives the worker. */
  files?: ProcessFiles | undefined
  /** What keeps the memory of the process. Left out: it is lost with the instance. */
  memory?: InstanceMemory | undefined
  /** Writes down what its messages are told. Left out: nobody does. */
  recorded?: RecordedActor | undefined
  /** Its place among the workers of the tab, for its memories. Left out: no limit but the browser's. */
  place?: Omit<ActorPlace, 'leave'> | undefined
  /** Called when the worker is ended, or about to be ended, and perhaps again. */
  onStopped(): void
  signal: AbortSignal
}

/** What a recording says of the program. */
export interface RecordedProgram {
  cid: string
  name: string
  /** argv, with the name first. */
  args: readonly string[]
  /** `KEY=value` each. */
  env: readonly string[]
  maxMemoryBytes: number
}

/** Records the messages of a process. */
export interface ActorRecorder {
  /** Starts a worker of the script that records. */
  createWorker(): Promise<Worker>
  begin(program: RecordedProgram): RecordedActor
}

/** An actor whose messages are recorded. */
export interface RecordedActor {
  /** Where its worker sends recordings. */
  port: MessagePort
  /** A message is about to run. */
  runs(message: Message): void
  /** It has ended. Resolves when its recording is kept. @param hasRun False: there was no room for an instance. */
  ended(hasRun: boolean): Promise<void>
  /** Its worker was ended while it ran. */
  cut(reason: GliaError): void
}

/**
 * Starts a worker and makes an instance of the program in it.
 * @throws {GliaError} ERR_START if the module or the worker refuses; the reason of the signal.
 */
export async function startWorkerActor({ signal, ...init }: WorkerActorInit): Promise<Actor> {
  signal.throwIfAborted()
  let later: LaterParts
  const loading = init.tier !== 'rings' || init.outgoing ? import('./later-parts.ts') : undefined
  const create = async (): Promise<Worker> => {
    const creating = init.createWorker()
    creating.catch(() => undefined) // It is told below.
    try {
      later = await loading
    } catch (cause) {
      // Nobody else ends the worker.
      void creating.then(
        (worker) => worker.terminate(),
        () => undefined,
      )
      throw new GliaError('ERR_START', 'A part of Glia that runs actors could not be loaded.', { cause })
    }
    return creating
  }
  const worker = await newWorker(loading ? create : init.createWorker, signal)
  // The actor does not hold the signal, whose reason has a stack that leads to whoever gave the first message up.
  const actor = new WorkerActor(worker, init, later)
  const giveUp = (): void => actor.stop(toGliaError(signal.reason))
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await actor.start()
    return actor
  } catch (thrown) {
    actor.stop()
    throw toGliaError(thrown, 'ERR_START')
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** The parts that few actors have. Undefined if this one has none of them. */
type LaterParts = typeof import('./later-parts.ts') | undefined

/** The handle of one actor worker. */
class WorkerActor implements Actor {
  memoryBytes: number | undefined
  exited: ExitReason | undefined
  isWorn = false
  hasSynced = false
  readonly #init: Omit<WorkerActorInit, 'signal'>
  readonly #worker: Worker
  readonly #api: Remote<ActorWorkerApi>
  readonly #lane: Lane
  readonly #outgoing: OutgoingCalls | undefined
  #files: FilesSession | undefined
  /** Takes the state of the instance that there is. */
  #take: TakeState | undefined
  /** The state that its message loop takes. */
  #taking: PromiseWithResolvers<Checkpoint | undefined> | undefined
  /** Whether no message has run. */
  #isNew = true
  stopped: GliaError | undefined
  /** Rejects when the actor is stopped. */
  readonly #end = Promise.withResolvers<never>()
  /** Whether there is an instance for the next message. */
  #hasInstance = false
  /** Whether that instance has run nothing yet. */
  #isUnused = false
  /** The message that runs. */
  #message: Message | undefined
  /** Settles when the serving instance has ended; undefined if there is none. */
  #serving: Promise<ServeEnd | Paused> | undefined

  constructor(worker: Worker, init: Omit<WorkerActorInit, 'signal'>, later: LaterParts) {
    this.#init = init
    this.#worker = worker
    const broken = (thrown: unknown): void => this.stop(toGliaError(thrown))
    const { outgoing, tier } = init
    const onStderr = (bytes: Uint8Array): void => {
      init.onStderr(bytes)
      this.#message?.wroteToStderr?.(bytes)
    }
    const calls = outgoing && ((frame: GuestFrame) => this.#outgoing?.receive(frame))
    const lane: LaneInit = { onStderr, broken, calls }
    const wire = tier === 'rings' || !later ? new RingWire(lane) : new later.PortWire(tier, lane)
    this.#lane = new Lane(wire)
    this.#outgoing =
      outgoing &&
      later &&
      new later.OutgoingCalls({ ...outgoing, post: (frame) => wire.post(frame), nudge: () => wire.nudge() })
    this.#worker.onerror = (event) => {
      event.preventDefault()
      this.stop(
        new GliaError('ERR_START', `The actor worker could not run: ${event.message || 'its script did not load'}.`),
      )
    }
    this.#worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isTaken(data)) this.#receive(data)
    })
    this.#api = wrap<ActorWorkerApi>(this.#worker)
    // Whoever waits races against this. If nobody waits, its rejection is no news.
    this.#end.promise.catch(() => undefined)
  }

  get awaitsInput(): boolean {
    return this.#lane.wire.carrier.awaited
  }

  async start(): Promise<void> {
    const { channel, transfer: ports } = this.#lane.wire
    const { files, outgoing } = this.#init
    // Both are read at the same time.
    const memory = this.#kept()
    memory?.catch(() => undefined) // It is told below.
    this.#files = await files?.open(this.#init.tier)
    // It was ended meanwhile, and nobody else releases the files.
    if (this.stopped && this.#files) files?.stopped(this.#files)
    const kept = this.#files?.kept
    const recordings = this.#init.recorded?.port
    const calls = outgoing && { calls: outgoing.roots }
    const all = { ...channel, ...calls, ...(kept && { kept }), ...(recordings && { recordings }) }
    const given = [...ports, ...(kept ? [kept.port] : []), ...(recordings ? [recordings] : [])]
    // The worker handles them in this order.
    await Promise.all([this.#ask((api) => api.connect(transfer(all, given))), this.#instantiate(memory)])
    if (this.#files) files?.begin(this.#files, this.#putFiles)
  }

  accepts(method: string): boolean {
    const isReady = this.#hasInstance && (this.#isUnused || !this.#isAlone(method))
    return isReady || (this.#init.place?.instanceBegins() ?? true)
  }

  async run(method: string, message: Message): Promise<void> {
    this.exited = undefined
    if (!this.#serving) await this.#instantiate()
    const full = this.#init.files?.whenRoom(message.signal)
    if (full) {
      await this.#orStopped(full)
      message.signal.throwIfAborted()
    }
    const start = this.#isNew ? this.#init.files?.whenStartStored : undefined
    if (start) await this.#orStopped(start)
    this.#isNew = false
    const index = this.#init.program.methods.indexOf(method)
    this.#isUnused = false
    const refusedAt = performance.now()
    const again = async (): Promise<boolean> =>
      (await this.#afterRefusal(refusedAt)) && !message.signal.aborted && !this.stopped
    const deliver = (): Promise<RunEnd> => this.#lane.run(index, message, again)
    let end: RunEnd
    this.#message = message
    this.#init.recorded?.runs(message)
    try {
      end = await (this.#outgoing ? this.#outgoing.during(message, deliver) : deliver())
    } finally {
      // The next message is another caller's, who may not see it.
      this.#lane.wire.passStderr?.()
      this.#message = undefined
    }
    const recorded = this.#init.recorded?.ended(end.status !== RunStatus.noRoom)
    if (recorded) await this.#orStopped(recorded)
    const late = this.#files?.received(end.fileReports)
    if (late) await this.#orStopped(late)
    this.memoryBytes = end.memoryBytes + end.tmpBytes
    this.hasSynced = end.synced
    if (end.instanceGone || this.#isAlone(method)) this.#instanceEnded(end)
    await this.#settle(method, end)
  }

  get isFresh(): boolean {
    return this.#init.program.isFresh === true
  }

  stop(reason = new GliaError('ERR_PROC_STOPPED', 'The process was stopped while it handled this message.')): void {
    if (this.stopped) return
    this.stopped = reason
    this.memoryBytes = undefined
    // Comlink holds a worker as long as there is a proxy of it, and calls that never settle hold the proxy.
    this.#api[releaseProxy]()
    this.#worker.terminate()
    const { signal } = this.#message ?? {}
    if (signal) this.#init.recorded?.cut(signal.aborted ? toGliaError(signal.reason) : reason)
    this.#lane.close(reason)
    this.#outgoing?.close()
    if (this.#files) this.#init.files?.stopped(this.#files)
    this.#forgetState()
    this.#end.reject(reason)
    this.#init.onStopped()
  }

  hibernate(): void {
    const { memory, onStopped } = this.#init
    const take = this.#take
    if (!take || !memory?.wants(take, this.memoryBytes)) return this.stop()
    // Whoever waits for a place has it at once.
    onStopped()
    this.#forgetState()
    const late = setTimeout(() => this.stop(), LEAVE_MS)
    const taken = take('stored')
    memory.left(taken)
    const stop = (): void => {
      clearTimeout(late)
      this.stop()
    }
    taken.then(stop, stop)
  }

  /** Whether a message has an instance of its own. */
  #isAlone(method: string): boolean {
    return method === COMMAND || this.isFresh
  }

  async #instantiate(memory = this.#kept()): Promise<void> {
    const began = performance.now()
    let made: unknown
    let reading = memory
    let kept: WholeSnapshot | undefined
    while (made === undefined) {
      kept = await reading
      try {
        made = await this.#ask<unknown>((api) => api.instantiate(this.#init.program, kept && this.#movable(kept)))
      } catch (thrown) {
        if (thrown instanceof GliaError && thrown.code === 'ERR_BAD_SNAPSHOT') {
          throw this.#init.memory?.refused(thrown) ?? thrown
        }
        const isRefused = thrown instanceof GliaError && thrown.code === 'ERR_LIVE_LIMIT'
        if (!isRefused || this.stopped || !(await this.#afterRefusal(began))) throw thrown
        reading = this.#kept()
      }
    }
    this.memoryBytes = readCount(made)
    this.#beginState(kept)
    this.#hasInstance = this.#isUnused = true
    this.#serve()
  }

  #movable(kept: WholeSnapshot): WholeSnapshot {
    return this.#init.memory?.isSpare(kept) === true ? transfer(kept, buffersOf(kept)) : kept
  }

  #kept(): Promise<WholeSnapshot | undefined> | undefined {
    const { memory, program } = this.#init
    return program.state && memory && this.#orStopped(memory.load())
  }

  #beginState(from: WholeSnapshot | undefined): void {
    const { memory, program } = this.#init
    this.#take = program.state && ((extent) => this.#takeState(extent))
    memory?.begin(this.#take, from)
  }

  #forgetState(): void {
    if (this.#take) this.#init.memory?.ended(this.#take)
    this.#take = undefined
  }

  #takeState(extent: Extent): Promise<Checkpoint | undefined> {
    const { wire } = this.#lane
    if (!this.#serving || !wire.take)
      return this.#paused(async () => readCheckpoint(await this.#ask<unknown>((api) => api.checkpoint(extent))))
    // Two posted messages less than a pause takes.
    const taking = Promise.withResolvers<Checkpoint | undefined>()
    this.#taking = taking
    wire.take(extent)
    return this.#orStopped(taking.promise)
  }

  #receive(taken: unknown): void {
    const taking = this.#taking
    this.#taking = undefined
    try {
      taking?.resolve(readTaken(taken))
    } catch (thrown) {
      taking?.reject(thrown)
    }
  }

  #instanceEnded({ memoryBytes }: RunEnd): void {
    this.#forgetState()
    this.#hasInstance = false
    this.isWorn = this.#init.place?.instanceEnded(memoryBytes) ?? false
  }

  /** The browser has refused the worker a memory. @returns whether another try is worth it. */
  #afterRefusal(since: number): Promise<boolean> {
    return this.#init.place?.afterRefusal(since) ?? Promise.resolve(false)
  }

  #serve(): void {
    // A loop that fails, or ends in an unknown way, counts as gone, and whoever waits is told. After a stop this has no
    // effect.
    const serving = this.#ask<unknown>((api) => api.serve()).then(readServeEnd)
    this.#serving = serving.catch((thrown: unknown) => {
      this.stop(toGliaError(thrown))
      return this.#end.promise
    })
    this.#serving.catch(() => undefined)
  }

  readonly #putFiles = (changes: readonly FileChange[]): Promise<void> =>
    this.#paused(async () => {
      const reports = await this.#ask<unknown>((api) => api.putFiles(changes))
      const late = this.#files?.received(readCount(reports))
      if (late) await this.#orStopped(late)
    })

  /** Between two messages: does something for which the worker must not be blocked by its message loop. */
  async #paused<T>(work: () => Promise<T>): Promise<T> {
    const isPaused = this.#serving !== undefined && this.#lane.wire.pause()
    if (isPaused) await this.#serving
    try {
      return await work()
    } finally {
      if (isPaused && !this.stopped) this.#serve()
    }
  }

  /** @throws {GliaError} if the message failed. */
  async #settle(method: string, end: RunEnd): Promise<void> {
    const { status, code } = end
    if (end.instanceGone) await this.#noteEnd(end)
    // A command leaves its program, and the worker still has an instance for the next message.
    else if (status === RunStatus.exited) this.exited = { type: 'exited', code }
    switch (status) {
      case RunStatus.ok:
        return
      case RunStatus.failed:
        throw new GliaError('ERR_FAILED', `${method} returned ${code}.`, { exitCode: code })
      case RunStatus.exited:
        throw new GliaError('ERR_EXITED', `${method} exited with code ${code}${this.#fullness(end)}.`, {
          exitCode: code,
        })
      case RunStatus.noRoom:
        throw noRoom()
      case RunStatus.trapped:
        throw trapError(method, this.exited)
    }
  }

  /**
   * Languages with a collector do not trap without memory: they write to their log and leave. Only the guest knows
   * whether that was the reason.
   */
  #fullness({ memoryBytes }: RunEnd): string {
    const { memoryLimitBytes } = this.#init
    return memoryLimitBytes !== undefined && memoryBytes >= memoryLimitBytes
      ? `, with all of its ${mib(memoryLimitBytes)} in use`
      : ''
  }

  async #noteEnd({ memoryBytes }: RunEnd): Promise<void> {
    const ended = await this.#serving
    this.#serving = undefined
    if (!ended || ended.reason === 'paused') return
    if (ended.reason === 'exited') {
      this.exited = { type: 'exited', code: ended.code }
      return
    }
    const { message } = ended
    const frames = await namedInSource(ended.frames)
    this.exited = trapReason({ message, frames }, memoryBytes, this.#init.memoryLimitBytes)
    const hint = stackHint(message, ended.frames)
    this.#init.onTrap([...frames, ...(hint === undefined ? [] : [hint])])
  }

  /** A Comlink call never settles when its worker is ended. This does. */
  #ask<T>(call: (api: Remote<ActorWorkerApi>) => Promise<T>): Promise<T> {
    return this.stopped ? this.#end.promise : this.#orStopped(call(this.#api))
  }

  #orStopped<T>(call: Promise<T>): Promise<T> {
    return Promise.race([call, this.#end.promise])
  }
}

/** The names of functions are read by code that is loaded at the first trap. Without it they stay as they are. */
async function namedInSource(frames: readonly string[]): Promise<readonly string[]> {
  try {
    const { demangled } = await import('./later-parts.ts')
    return demangled(frames)
  } catch {
    return frames
  }
}

/** A trap with all memory in use is reported as such. Only the guest knows whether that was the reason. */
function trapReason(
  { message, frames }: { message: string; frames: readonly string[] },
  memoryBytes: number,
  limitBytes: number | undefined,
): ExitReason {
  if (limitBytes === undefined || memoryBytes < limitBytes) return { type: 'trapped', message, frames }
  return { type: 'memory', message: `trapped with all of its ${mib(limitBytes)} in use: ${message}`, frames }
}

function trapError(method: string, reason: ExitReason | undefined): GliaError {
  if (reason?.type === 'memory') {
    return new GliaError('ERR_OUT_OF_MEMORY', `${method} is out of memory: it ${reason.message}.`)
  }
  const why = reason?.type === 'trapped' ? reason.message : 'the worker gave no reason'
  return new GliaError('ERR_TRAPPED', `${method} trapped: ${why}.`)
}
