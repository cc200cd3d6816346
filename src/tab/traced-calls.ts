import type { ProcessTable } from '../actors/table/process-table.ts'
import type { Meter } from '../glia/figures/meter.ts'
import type { Logger } from '../glia/log.ts'
import type { Proc } from '../glia/process/proc.ts'
import type { CallTrace } from '../glia/trace/call-trace.ts'
import type { KeptBlock } from '../glia/trace/read-calls.ts'
import { readToldTrace, type ToldTrace } from '../glia/trace/told-call.ts'
import { answerTrace } from '../glia/trace/answer-trace.ts'
import type { CallsSource } from '../ui/model.ts'
import { CallKeeper } from './call-keeper.ts'
import { Figures } from './figures.ts'
import { CallReplays } from './call-replays.ts'
import type { TabMesh } from './tab-mesh.ts'
import { setTellsOthers, tellsOthers } from './tells-others.ts'

export interface TracedCallsInit {
  trace: CallTrace
  /** Counts all calls of this peer. */
  meter: Meter
  self: string
  storage: string
  slot: number
  log: Logger
  alive: AbortSignal
  table: ProcessTable
  mesh: TabMesh
  /** Starts a worker of the script that records and replays calls. */
  createRecorder(): Promise<Worker>
}

/** The recorded calls of this tab, for its views and for peers that ask. */
export class TracedCalls implements CallsSource {
  readonly self: string
  readonly figures: Figures
  readonly replays: CallReplays
  readonly #init: TracedCallsInit
  readonly #keeper: CallKeeper

  constructor(init: TracedCallsInit) {
    this.self = init.self
    this.#init = init
    this.#keeper = new CallKeeper(init)
    this.figures = new Figures(init)
    this.replays = new CallReplays({ ...init, createWorker: init.createRecorder, store: this.#keeper.recordings })
  }

  get trace(): CallTrace {
    return this.#keeper.trace
  }

  get tellsOthers(): boolean {
    return tellsOthers()
  }

  set tellsOthers(tells: boolean) {
    setTellsOthers(tells)
  }

  earlier(): Promise<KeptBlock[]> {
    return this.#keeper.earlier()
  }

  async clear(): Promise<void> {
    await Promise.all([this.#keeper.clear(), this.replays.clear()])
  }

  proc(pid: string): Proc | undefined {
    return this.#init.table.get(pid)
  }

  async ask(peer: string, trace: string, signal: AbortSignal): Promise<ToldTrace> {
    return readToldTrace(await (await this.#init.mesh.started).traceOf(peer, trace, signal))
  }

  /** What another peer is told of a trace, as JSON. */
  tell(asker: string, trace: string): string {
    if (!this.tellsOthers) return JSON.stringify({ calls: [], waits: [] } satisfies ToldTrace)
    return answerTrace(asker, trace, { self: this.self, procs: this.#init.table, trace: this.trace })
  }
}
