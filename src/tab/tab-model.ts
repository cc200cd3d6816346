import type { BundledActor } from './bundled.ts'
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { processName } from './script-api.ts'
import type { ProcessEntry } from '../actors/process-entry.ts'
import type { LogLine } from '../actors/process-log.ts'
import { readFile } from '../actors/module-source.ts'
import type { SpawnSteps } from '../actors/process-table.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import { parsePid } from '../glia/pid.ts'
import { pumpInto } from '../glia/web-streams.ts'
import type { CallHandle, ErrorView, ProcessView, SpawnView, StatusView, TabModel } from '../ui/model.ts'
import { loadBundled } from './bundled.ts'
import type { Peer } from './peer.ts'

const STARTING: StatusView = { level: 'idle', text: 'Starting', detail: 'The peer of this tab is being started.' }
const LOCAL_ONLY: StatusView = {
  level: 'idle',
  text: 'This browser only',
  detail:
    'This version has no network transports yet: pages and tabs of this browser can call the processes here, nobody else.',
}

/** The views' model over the parts of a tab. The parts come when the peer has started; until then it shows that. */
export class LiveTabModel implements TabModel {
  readonly peerId = signal<string | undefined>(undefined)
  readonly slot = signal<number | undefined>(undefined)
  readonly tier = signal<TabModel['tier']['value']>(undefined)
  readonly mesh = signal(STARTING)
  readonly http = signal(STARTING)
  readonly updateReady = signal(false)
  readonly fatal = signal<ErrorView | undefined>(undefined)
  readonly processes = signal<readonly ProcessView[]>([])
  readonly spawns = signal<readonly SpawnView[]>([])
  readonly opened = signal<readonly File[]>([])
  readonly bundled = signal<readonly BundledActor[]>([])
  readonly basePath = new URL('.', document.baseURI).pathname
  readonly #peer = Promise.withResolvers<Peer>()
  #entries: () => ProcessEntry[] = () => []
  /** Bumped whenever the table has changed: what logs are computed from. */
  readonly #version = signal(0)
  #scheduled = false
  #lastSpawn = 0

  constructor() {
    // Those who wait are told; with nobody waiting, `fatal` shows it.
    this.#peer.promise.catch(() => undefined)
  }

  started(peer: Peer): void {
    this.peerId.value = peer.peerId
    this.slot.value = peer.slot
    this.tier.value = peer.tier
    this.mesh.value = LOCAL_ONLY
    this.#entries = () => peer.table.entries
    this.#peer.resolve(peer)
    this.changed()
  }

  failed(thrown: unknown): void {
    const error = toGliaError(thrown)
    this.fatal.value = { code: error.code, message: error.message, at: Date.now() }
    this.#peer.reject(error)
  }

  /** Has the views look again, once for all the changes of a frame. */
  readonly changed = (): void => {
    if (this.#scheduled) return
    this.#scheduled = true
    // Hidden pages get no animation frames.
    if (document.hidden) setTimeout(this.#refresh, 250)
    else requestAnimationFrame(this.#refresh)
  }

  readonly log = (pid: string): ReadonlySignal<readonly LogLine[]> =>
    computed(() => {
      void this.#version.value
      return this.#entries().find(({ record }) => record.pid === pid)?.log.lines ?? []
    })

  readonly spawnFile = (file: File): Promise<string> =>
    this.#spawn(processName(file.name), file.size, (cancelled, onProgress) =>
      readFile(file, { signal: cancelled, onProgress }),
    )

  readonly spawnBundled = (actor: BundledActor): Promise<string> =>
    this.#spawn(actor.name, 0, () => loadBundled(actor.file))

  readonly kill = async (pid: string): Promise<{ undo: () => Promise<void> }> => {
    const { table } = await this.#peer.promise
    const killed = await table.kill(pid)
    return { undo: () => table.revive(killed) }
  }

  readonly call = (pid: string, method: string, message: Uint8Array | Blob): CallHandle => {
    const aborter = new AbortController()
    return { reply: this.#reply(pid, method, message, aborter.signal), cancel: () => aborter.abort() }
  }

  async *#reply(
    pid: string,
    method: string,
    message: Uint8Array | Blob,
    cancelled: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { router, peerId } = await this.#peer.promise
    const blob = message instanceof Blob ? message : new Blob([message.slice()])
    const address = { host: peerId, proc: parsePid(pid), method }
    const stream = router.open(address, { caller: 'browser', expectedBytes: blob.size })
    const cancel = (): void => stream.abort(new GliaError('ERR_ABORTED', 'You cancelled the call.'))
    cancelled.addEventListener('abort', cancel, { once: true })
    if (cancelled.aborted) cancel()
    void pumpInto(stream, blob.stream())
    try {
      for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) yield chunk
    } finally {
      // A view that stops early gives the call up; after the end this changes nothing.
      await stream.close()
    }
  }

  async #spawn(
    name: string,
    totalBytes: number,
    read: (cancelled: AbortSignal, onProgress: (doneBytes: number) => void) => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<string> {
    const aborter = new AbortController()
    const id = ++this.#lastSpawn
    const cancel = (): void => aborter.abort(new GliaError('ERR_ABORTED', 'You cancelled it.'))
    this.#showSpawn({ id, name, stage: 'reading', doneBytes: 0, totalBytes, since: Date.now(), cancel })
    const steps: SpawnSteps = { signal: aborter.signal, onStage: (stage) => this.#updateSpawn(id, { stage }) }
    try {
      const { table } = await this.#peer.promise
      const bytes = await read(aborter.signal, (doneBytes) => this.#updateSpawn(id, { doneBytes }))
      return await table.spawn(bytes, { name }, steps)
    } finally {
      this.spawns.value = this.spawns.value.filter((spawn) => spawn.id !== id)
      this.#refresh()
    }
  }

  #showSpawn(spawn: SpawnView): void {
    this.spawns.value = [...this.spawns.value, spawn]
  }

  #updateSpawn(id: number, change: Partial<SpawnView>): void {
    this.spawns.value = this.spawns.value.map((spawn) => (spawn.id === id ? { ...spawn, ...change } : spawn))
  }

  readonly #refresh = (): void => {
    this.#scheduled = false
    this.processes.value = this.#entries().map(viewOf)
    this.#version.value += 1
  }
}

function viewOf({ record, proc, lastError, persisted }: ProcessEntry): ProcessView {
  return {
    pid: record.pid,
    name: record.name,
    root: record.root,
    cid: record.cid,
    methods: record.methods,
    state: proc.state,
    messages: proc.messages,
    waiting: proc.waiting,
    p50Ms: proc.p50Ms,
    memoryBytes: proc.memoryBytes,
    moduleBytes: record.moduleBytes,
    lastError: lastError && { code: lastError.error.code, message: lastError.error.message, at: lastError.at },
    persisted,
  }
}
