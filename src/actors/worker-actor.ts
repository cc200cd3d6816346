import { type Remote, transfer, wrap } from 'comlink'
import type { Actor, ExitReason, Message } from '../glia/actor.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { type RunEnd, RunStatus } from './control.ts'
import type { Lane } from './lane.ts'
import { PortLane } from './port-lane.ts'
import { RingLane } from './ring-lane.ts'
import type { ActorWorkerApi, Program, ServeEnd, TierName } from './worker-api.ts'

export interface WorkerActorInit {
  program: Program
  tier: TierName
  /** Starts the actor worker's script. @throws {GliaError} ERR_START if it cannot be had as it must be. */
  createWorker(): Promise<Worker>
  /** Gets what the guest writes to stderr. */
  onStderr(bytes: Uint8Array): void
  /** Gets the guest's frames at a trap, innermost first. */
  onTrap(frames: readonly string[]): void
  /** Told once, when the worker is ended. */
  onStopped(): void
  signal: AbortSignal
}

/**
 * Starts a worker and makes an instance of the program in it.
 * @throws {GliaError} ERR_START if the module or the worker refuses; the signal's reason.
 */
export async function startWorkerActor(init: WorkerActorInit): Promise<Actor> {
  init.signal.throwIfAborted()
  const worker = await init.createWorker()
  if (init.signal.aborted) worker.terminate()
  init.signal.throwIfAborted()
  const actor = new WorkerActor(worker, init)
  const giveUp = (): void => actor.stop(toGliaError(init.signal.reason))
  init.signal.addEventListener('abort', giveUp, { once: true })
  try {
    await actor.start()
    return actor
  } catch (thrown) {
    actor.stop()
    throw toGliaError(thrown, 'ERR_START')
  } finally {
    init.signal.removeEventListener('abort', giveUp)
  }
}

/** The handle of one actor worker. */
class WorkerActor implements Actor {
  memoryBytes: number | undefined
  exited: ExitReason | undefined
  readonly #init: WorkerActorInit
  readonly #worker: Worker
  readonly #api: Remote<ActorWorkerApi>
  readonly #lane: Lane
  readonly #stopped = Promise.withResolvers<never>()
  #isStopped = false
  /** Settles when the instance that serves now has ended; undefined when there is none. */
  #serving: Promise<ServeEnd> | undefined

  constructor(worker: Worker, init: WorkerActorInit) {
    this.#init = init
    this.#worker = worker
    this.#lane = init.tier === 'rings' ? new RingLane(init) : new PortLane(init.tier, init)
    this.#worker.onerror = (event) => {
      event.preventDefault()
      this.stop(
        new GliaError('ERR_START', `The actor worker could not run: ${event.message || 'its script did not load'}.`),
      )
    }
    this.#api = wrap<ActorWorkerApi>(this.#worker)
    // Waiters race against this; with none, its rejection is no news.
    this.#stopped.promise.catch(() => undefined)
  }

  async start(): Promise<void> {
    const { channel, transfer: ports } = this.#lane
    await this.#orStopped(this.#api.connect(transfer(channel, ports)))
    await this.#instantiate()
  }

  async run(method: string, message: Message): Promise<void> {
    this.exited = undefined
    if (!this.#serving) await this.#instantiate()
    const end = await this.#lane.run(this.#init.program.methods.indexOf(method), message)
    this.memoryBytes = end.memoryBytes
    await this.#settle(method, end)
  }

  stop(reason = new GliaError('ERR_PROC_STOPPED', 'The process was stopped while it handled this message.')): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.memoryBytes = undefined
    this.#worker.terminate()
    this.#lane.close(reason)
    this.#stopped.reject(reason)
    this.#init.onStopped()
  }

  async #instantiate(): Promise<void> {
    this.memoryBytes = await this.#orStopped(this.#api.instantiate(this.#init.program))
    const serving = this.#orStopped<ServeEnd>(this.#api.serve())
    // A loop that fails is as good as none: whoever waits is told. After a stop this changes nothing.
    serving.catch((thrown: unknown) => this.stop(toGliaError(thrown)))
    this.#serving = serving
  }

  /** @throws {GliaError} if the message failed. */
  async #settle(method: string, { status, code, instanceGone }: RunEnd): Promise<void> {
    const ended = instanceGone ? await this.#noteExit() : undefined
    switch (status) {
      case RunStatus.ok:
        return
      case RunStatus.failed:
        throw new GliaError('ERR_FAILED', `${method} returned ${code}.`)
      case RunStatus.exited:
        throw new GliaError('ERR_EXITED', `${method} exited with code ${code}.`)
      case RunStatus.trapped: {
        const why = ended?.reason === 'trapped' ? ended.message : 'the worker gave no reason'
        throw new GliaError('ERR_TRAPPED', `${method} trapped: ${why}.`)
      }
    }
  }

  async #noteExit(): Promise<ServeEnd | undefined> {
    const ended = await this.#serving
    this.#serving = undefined
    if (ended?.reason === 'trapped') this.#init.onTrap(ended.frames)
    this.exited = ended?.reason === 'exited' && ended.code === 0 ? 'normal' : 'abnormal'
    return ended
  }

  /** A Comlink call never settles when its worker is ended: this does. */
  #orStopped<T>(call: Promise<T>): Promise<T> {
    return Promise.race([call, this.#stopped.promise])
  }
}
