import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import type { Routing } from '../../glia/env.ts'
import type { ToldProcess } from '../../glia/told-process.ts'
import { PROVIDERS_MS } from '../limits.ts'
import { askModule, askProcess } from './ask-module.ts'
import { type FetchedModule, fetchModule, type FetchProgress } from './fetch-module.ts'
import { ModuleAnswers, type TellableProcesses } from './module-answers.ts'
import { ProvidedModules } from './provided-modules.ts'

export interface ModulesInit {
  /** Id of this peer. */
  self: string
  tellable: TellableProcesses
  /** The directory of the mesh. */
  routing: Routing
  /** Whether this peer has an address under which others reach it. */
  isReachable(): boolean
  /** Uses a connection to a peer, and another one if that is dead. */
  over<T>(peer: string, signal: AbortSignal, use: (connection: Connection) => Promise<T>): Promise<T>
  /** Aborts when the peer is stopped. */
  alive: AbortSignal
}

/** What peers tell each other of their processes, and the modules that they share. */
export class Modules {
  readonly #init: ModulesInit
  readonly #answers: ModuleAnswers
  readonly #provided: ProvidedModules

  constructor(init: ModulesInit) {
    const { routing, tellable } = init
    this.#init = init
    this.#answers = new ModuleAnswers(tellable)
    this.#provided = new ProvidedModules({ ...init, provide: (cid, signal) => routing.provide(cid, { signal }) })
  }

  /** Answers a question of another peer. Never rejects. */
  answer(stream: Libp2pStream, connection: Connection): Promise<void> {
    return this.#answers.answer(stream, connection)
  }

  /**
   * A process of another peer, by its PID.
   * @throws {GliaError} ERR_NO_PROC; ERR_DENIED; ERR_BAD_VERB if the peer does not tell of processes; ERR_UNREACHABLE
   */
  processOf(peer: string, pid: string, signal: AbortSignal): Promise<ToldProcess> {
    return this.#init.over(peer, signal, (connection) => askProcess(connection, pid, { signal }))
  }

  /**
   * Fetches a module from the first peer that gives it.
   * @param from The peer that is asked first.
   * @throws {GliaError} ERR_UNREACHABLE that names what each of the asked peers did; the error of the only one.
   */
  fetch(
    cid: string,
    from: string,
    signal: AbortSignal,
    onProgress?: (progress: FetchProgress) => void,
  ): Promise<FetchedModule> {
    const init: Parameters<typeof fetchModule>[0] = {
      cid,
      from,
      onProgress,
      providers: (given) => this.#providersOf(cid, given),
      ask: (peer, options) => this.#init.over(peer, options.signal, (made) => askModule(made, cid, options)),
    }
    return fetchModule(init, signal)
  }

  /** Tells the directory of the mesh that this peer has a module. Never rejects. */
  provide(cid: string): Promise<void> {
    return this.#provided.tell(cid)
  }

  async *#providersOf(cid: string, given: AbortSignal): AsyncGenerator<string> {
    const { routing, self } = this.#init
    const signal = AbortSignal.any([given, AbortSignal.timeout(PROVIDERS_MS)])
    for await (const { peerId } of routing.findProviders(cid, { signal })) if (peerId !== self) yield peerId
  }
}
