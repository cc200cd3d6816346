import { totalmem } from 'node:os'
import { startSys } from '../../actors/sys/start-sys.ts'
import { SysProc } from '../../actors/sys/sys-proc.ts'
import { ProcessTable } from '../../actors/table/process-table.ts'
import type { ProcessStore } from '../../actors/table/process-store.ts'
import { SpareWorker } from '../../actors/worker/spare-worker.ts'
import { installErrorTransfer } from '../../actors/worker/comlink-errors.ts'
import { GliaError } from '../../glia/errors.ts'
import type { ListedProcess } from '../../glia/listing.ts'
import type { Logger } from '../../glia/log.ts'
import type { Pid } from '../../glia/pid.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { RemoteWatches } from '../../glia/process/remote-watches.ts'
import type { Watched } from '../../glia/process/told-end.ts'
import type { Router } from '../../glia/router.ts'
import type { MeshInit, MeshNode } from '../../mesh/node.ts'
import { threadWorker } from '../root/thread-worker.ts'
import type { Owners } from './owner.ts'
import { httpSender } from './send-http.ts'

export interface HostInit {
  readonly peerId: string
  /** PID of a new root process. The one that is kept in the store keeps its own. */
  readonly rootPid: Pid
  /** Bytes of the bundled root module. */
  readonly rootModule: Uint8Array<ArrayBuffer>
  /** The actor worker's script, built for a thread. */
  readonly workerScript: URL
  readonly store: ProcessStore
  readonly owners: Owners
  readonly maxBodyBytes: number
  /** Most workers that live at once. Left out: as many as there is memory for. */
  readonly liveLimit?: number | undefined
  readonly log: Logger
  /** Resolves when there is a mesh. Never rejects. */
  readonly ready: Promise<unknown>
  /** Called when a process shares its module. */
  shared(cid: string): void
  router(): Router
  mesh(): MeshNode
}

/** The processes of a server that lets actors live on it. */
export interface Host {
  /** The PID by which its root process is found. */
  readonly rootPid: Pid
  get(pid: string): Proc | undefined
  watched(pid: string): Watched | undefined
  listedTo(peer: string): ListedProcess[]
  /** What it tells of its processes, and the modules that it shares. Left out: nothing. */
  readonly tellable?: MeshInit['tellable']
  /** Starts no reminder any more. Resolves once no message runs or waits, or with the signal. */
  settle(signal: AbortSignal): Promise<void>
  /** Stores what durable processes have in memory, and ends all workers. */
  stop(): Promise<void>
}

/** Most workers that live at once. The other processes come back with their next message. */
const LIVE_LIMIT = 64
/** The same on a machine, or in a container, with very little memory. */
const LEAST_LIVE_LIMIT = 8
/**
 * Memory of a live worker, and of all the rest of the server, in bytes. A worker of a small actor takes 11 MiB, and one
 * of Go more. The rest begins with 100 MiB, and had some 200 MiB more when hundreds of actors had come and gone.
 */
const WORKER_BYTES = 20 * 1024 ** 2
const REST_BYTES = 300 * 1024 ** 2
/** The only identity of a server. */
const SLOT = 0

/** Brings the kept processes back. @throws {GliaError} ERR_STORAGE; ERR_BAD_MODULE or ERR_START of the root process */
export async function startHost(init: HostInit): Promise<Host> {
  const { peerId, store, log, router, mesh } = init
  installErrorTransfer()
  /** While somebody waits for the processes to settle. */
  let changed: (() => void) | undefined
  const workers = new SpareWorker(() => threadWorker(init.workerScript))
  const table: ProcessTable = new ProcessTable({
    slot: SLOT,
    peerId,
    store,
    tier: 'rings',
    createWorker: async () => workers.take(),
    log,
    changed: () => changed?.(),
    shared: init.shared,
    liveLimit: init.liveLimit ?? liveLimit(),
    watchesOfOthers: async (watches) => new RemoteWatches(watches, mesh()),
    sendHttp: httpSender(),
    mesh: {
      get aliases() {
        return router().aliases
      },
      hosts: async () =>
        mesh()
          .peers()
          .filter(({ link, processes }) => link !== 'none' && processes)
          .map((peer) => peer.peerId),
      procs: () => table.entries.map(({ record: { pid, root, methods, policy } }) => ({ pid, root, methods, policy })),
      listed: (peer, signal) => mesh().listingOf(peer, signal),
      resolve: (path, signal) => router().resolve(path, { signal }),
      serve: (stream) => router().serveStream(stream),
    },
  })
  await table.restore()
  await table.ensureRoot(init.rootModule, init.rootPid)
  const system = await startSys({
    ...init,
    slot: SLOT,
    table,
    managers: init.owners,
    // Actors live on a server to live on.
    defaults: { memory: 'durable' },
  })
  const sys = new SysProc({
    ...init,
    callers: 'anyone',
    idle: () => changed?.(),
    load: async () => system.actor(),
    settled: () => system.settled(),
  })
  const isSettled = (): boolean => !sys.isBusy && !table.entries.some(isBusy)
  return {
    rootPid: table.rootPid,
    get: (pid) => table.get(pid) ?? (pid === sys.pid ? sys : undefined),
    watched: (pid) => table.watched(pid),
    listedTo: (peer) => table.listedTo(peer),
    tellable: table,
    async settle(signal) {
      system.stop()
      const { promise, resolve } = Promise.withResolvers<void>()
      changed = () => void ((signal.aborted || isSettled()) && resolve())
      signal.addEventListener('abort', changed, { once: true })
      changed()
      await promise
      changed = undefined
    },
    stop: async () => {
      system.stop()
      sys.close(new GliaError('ERR_PROC_STOPPED', 'This host was stopped. Send the message again later.'))
      await table.stop()
      await sys.settled()
      workers.end()
    },
  }
}

function isBusy({ proc: { state, waiting } }: { proc: Proc }): boolean {
  return state === 'busy' || state === 'starting' || waiting > 0
}

/** As many workers as there is memory for: of the machine, or of the container. */
function liveLimit(): number {
  const bytes = Math.min(process.constrainedMemory() || Infinity, totalmem())
  return Math.max(LEAST_LIVE_LIMIT, Math.min(LIVE_LIMIT, Math.floor((bytes - REST_BYTES) / WORKER_BYTES)))
}
