import { keyIn } from '../../glia/instance-key.ts'
import type { Actor, ActorPlace } from '../../glia/process/actor.ts'
import type { ActorSpec } from '../../glia/process/actor.ts'
import { hasCallFiles, type Policy } from '../../glia/process/policy.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { isTakeable } from '../module/module-state.ts'
import type { InstanceMemory } from '../snapshot/process-memory.ts'
import { RecentMemories } from '../snapshot/recent-memories.ts'
import type { LiveActors } from '../worker/live-actors.ts'
import type { FamilyQuotas } from './family-quotas.ts'
import type { ModuleCache } from './module-cache.ts'
import type { SendHttp } from '../outgoing/http-request.ts'
import type { OutgoingMesh } from '../outgoing/outgoing-calls.ts'
import type { ProcessEntry } from './process-entry.ts'
import type { ModuleVersion, ProcessRecord } from './process-record.ts'
import { startWorkerActor } from '../worker/worker-actor.ts'
import type { CallRoot, SharedFile, TierName } from '../worker/worker-api.ts'

export interface ActorStarterInit {
  peerId: string
  tier: TierName
  /** Starts the actor worker's script. */
  createWorker(): Promise<Worker>
  modules: ModuleCache
  live: LiveActors
  quotas(): Promise<FamilyQuotas>
  /** Contents that are kept, by CID. @throws {GliaError} ERR_STORAGE */
  load(cid: string): Promise<Blob>
  /** For processes that may call others. Left out: none can. */
  mesh?: OutgoingMesh | undefined
  /** For processes that may send HTTP requests. Left out: their requests fail. */
  sendHttp?: SendHttp | undefined
}

/** Starts the actors of a tab's processes, each in a worker. */
export class ActorStarter {
  readonly #init: ActorStarterInit
  readonly #recent = new RecentMemories()

  constructor(init: ActorStarterInit) {
    this.#init = init
  }

  /** How the actor of a process is started with a module. @param replaces Its first one starts beside a live one. */
  spec(entry: ProcessEntry, version: ModuleVersion, replaces = false): ActorSpec {
    let isBeside = replaces
    return {
      methods: version.methods,
      // The policy may change between two starts.
      load: () => this.#init.modules.get(version, entry.record.policy.maxMemoryBytes),
      enter: (signal) => this.#enter(entry, signal),
      start: (signal, place) => {
        const memory = entry.memory.of(version.cid, isBeside, this.#recent)
        isBeside = false
        return this.#start(entry, version, memory, signal, place)
      },
    }
  }

  async #enter({ record, proc }: ProcessEntry, signal: AbortSignal): Promise<ActorPlace> {
    const enter = (): Promise<ActorPlace> => this.#init.live.enter(proc, signal)
    // Only instances of keys come and go while their processes stay.
    if (record.parent === undefined || keyIn(record.pid) === undefined) return enter()
    return (await this.#init.quotas()).enter(proc, enter, signal)
  }

  async #start(
    entry: ProcessEntry,
    version: ModuleVersion,
    memory: InstanceMemory,
    signal: AbortSignal,
    entered: ActorPlace | undefined,
  ): Promise<Actor> {
    const { tier, createWorker, modules, live, mesh, sendHttp } = this.#init
    const { record, log } = entry
    const { maxMemoryBytes, maxOpenFiles, maxTmpBytes, maxCalls, memory: kind } = record.policy
    const roots = callRoots(record.policy)
    const isFresh = kind === 'fresh'
    entry.files.limit(record.policy)
    const place = entered ?? live.take(entry.proc)
    const { recorder } = entry
    try {
      const { module, memoryLimitBytes, state } = await orAborted(modules.get(version, maxMemoryBytes), signal)
      if (kind === 'durable' && !isTakeable(state)) log.add('process', `Its memory is not kept: ${state.why}.`)
      const args = [record.name, ...record.args]
      const env = this.#environment(record)
      return await startWorkerActor({
        program: {
          module,
          isFresh,
          state: isTakeable(state) && !isFresh ? { cid: version.cid, exposed: state } : undefined,
          args,
          env,
          methods: version.methods,
          limits: { maxOpenFiles, maxTmpBytes, maxCalls: roots.length === 0 ? 0 : maxCalls },
          tty: record.tty,
          shared: await this.#shared(entry),
        },
        memoryLimitBytes,
        tier,
        createWorker: recorder?.createWorker ?? createWorker,
        recorded: recorder?.begin({ cid: version.cid, name: record.name, args, env, maxMemoryBytes }),
        onStderr: (bytes) => log.write(bytes),
        onTrap: (lines) => {
          for (const line of lines) log.add('process', line)
        },
        outgoing:
          roots.length > 0 && mesh
            ? {
                roots,
                caller: record.pid,
                mesh,
                sendHttp,
                policy: () => entry.record.policy,
                report: (line) => log.add('stderr', line),
              }
            : undefined,
        files: entry.files,
        memory,
        place,
        onStopped: () => place.leave(),
        signal,
      })
    } catch (thrown) {
      place.leave()
      throw thrown
    }
  }

  /** @throws {GliaError} ERR_STORAGE if one of them is gone. */
  async #shared({ record: { mounts = [] }, mounts: here }: ProcessEntry): Promise<SharedFile[]> {
    const read = mounts.map(async ({ path, cid }) => {
      const blob = here.get(cid) ?? (await this.#init.load(cid))
      return { path, bytes: new Uint8Array(await blob.arrayBuffer()) }
    })
    return Promise.all(read)
  }

  #environment({ pid, env }: ProcessRecord): string[] {
    const key = keyIn(pid)
    const own = { WW_PID: pid, WW_PEER: this.#init.peerId, ...(key !== undefined && { WW_KEY: key }) }
    return Object.entries({ ...env, ...own }).map(([name, value]) => `${name}=${value}`)
  }
}

function callRoots(policy: Policy): CallRoot[] {
  const [mesh, web]: [CallRoot, CallRoot] = ['ww', 'http']
  return [...(hasCallFiles(policy) ? [mesh] : []), ...(policy.http.length > 0 ? [web] : [])]
}
