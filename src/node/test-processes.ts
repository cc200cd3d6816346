// For tests: the processes of a tab, in threads of this process.
import { SILENT } from '../glia/log.ts'
import type { ProcessEntry } from '../actors/table/process-entry.ts'
import type { SendHttp } from '../actors/outgoing/http-request.ts'
import { ProcessTable } from '../actors/table/process-table.ts'
import type { ProcessStore } from '../actors/table/process-store.ts'
import type { Env } from '../glia/env.ts'
import { GliaError, toGliaError } from '../glia/errors.ts'
import type { Pid } from '../glia/pid.ts'
import type { Proc } from '../glia/process/proc.ts'
import type { WatchRemote } from '../glia/process/remote-watch.ts'
import { RemoteWatches } from '../glia/process/remote-watches.ts'
import { Router } from '../glia/router.ts'
import { SELF } from '../glia/test-peer.ts'
import type { CallTrace } from '../glia/trace/call-trace.ts'
import type { Stream } from '../glia/stream/stream.ts'
import { readAll } from '../glia/stream/web-streams.ts'
import { threadWorker } from './root/thread-worker.ts'

export interface TestProcessesInit {
  /** The actor worker's script, built. */
  script: URL
  /** Left out: starts the script. */
  createWorker?: (() => Promise<Worker>) | undefined
  liveLimit?: number | undefined
  /** Left out: keeps nothing. */
  store?: ProcessStore | undefined
  /** Told of the CIDs of shared modules. */
  shared?: (cid: string) => void
  /** Makes the system process. Left out: there is none. */
  sys?: ((parts: { table: ProcessTable; router: () => Router }) => Proc) | undefined
  /** Left out: requests of processes fail. */
  sendHttp?: SendHttp | undefined
  /** Records the calls. Left out: nobody does. */
  trace?: CallTrace | undefined
  /** Left out: there are no other peers. */
  watchRemote?: WatchRemote | undefined
}

/** A table of processes that may call each other. */
export interface TestProcesses {
  table: ProcessTable
  router: Router
  /** Calls a method as a page does. @returns the reply, or the code of the error. */
  call(pid: string, method: string, message?: string, caller?: string): Promise<string>
  /** Opens a call of a page. */
  open(pid: string, method: string): Stream
  /** Sends a process a message without an end, to its `slurp`. @returns a function that ends it and gives the reply. */
  hold(pid: string): Promise<() => Promise<string>>
  entry(pid: string): ProcessEntry
  env: Env
}

export function makeProcesses({
  script,
  createWorker,
  liveLimit,
  store,
  shared,
  sys: makeSys,
  sendHttp,
  trace,
  watchRemote,
}: TestProcessesInit): TestProcesses {
  const env: Env = {
    log: () => SILENT,
    localHost: () => ({ peerId: SELF, addrs: () => [] }),
    routing: () => {
      throw new Error('none')
    },
  }
  const table: ProcessTable = new ProcessTable({
    slot: 0,
    peerId: SELF,
    store,
    tier: 'rings',
    createWorker: createWorker ?? (async () => threadWorker(script)),
    log: SILENT,
    changed: () => undefined,
    ...(shared && { shared }),
    liveLimit,
    sendHttp,
    watchesOfOthers: watchRemote && (async (watches) => new RemoteWatches(watches, { watch: watchRemote })),
    mesh: {
      get aliases() {
        return router.aliases
      },
      hosts: async () => [],
      listed: async () => [],
      procs: () => table.entries.map(({ record: { pid, root, methods, policy } }) => ({ pid, root, methods, policy })),
      resolve: (path, signal) => router.resolve(path, { signal }),
      serve: (stream) => router.serveStream(stream),
    },
  })
  const router: Router = new Router({
    env,
    procs: {
      get rootPid() {
        return table.rootPid
      },
      get: (pid) => table.get(pid) ?? (pid === sys?.pid ? sys : undefined),
    },
    trace,
    openRemote: () => Promise.reject(new GliaError('ERR_UNREACHABLE', 'none')),
  })
  const sys = makeSys?.({ table, router: () => router })
  const open = (pid: string, method: string, caller = 'browser'): Stream =>
    router.open({ host: SELF, proc: pid as Pid, method }, { caller })
  const call = async (pid: string, method: string, message = '', caller = 'browser'): Promise<string> => {
    const stream = open(pid, method, caller)
    void stream.write(new TextEncoder().encode(message)).then(
      () => stream.closeWrite(),
      () => undefined,
    )
    return readAll(stream).then(
      (reply) => new TextDecoder().decode(reply),
      (thrown: unknown) => toGliaError(thrown).code,
    )
  }
  const hold = async (pid: string): Promise<() => Promise<string>> => {
    const stream = open(pid, 'slurp')
    await stream.write(new Uint8Array(1))
    return async () => {
      await stream.closeWrite()
      return new TextDecoder().decode(await readAll(stream))
    }
  }
  const entry = (pid: string): ProcessEntry => {
    const found = table.entryOf(pid)
    if (!found) throw new Error('no such process')
    return found
  }
  return { table, router, call, open, hold, entry, env }
}

/** Tabs of one test after the other. @param script Of the actor worker, which is built before the first tab is made. */
export function testTabs(script: () => URL) {
  const open: TestProcesses[] = []
  const makeTab = (store?: ProcessStore, liveLimit?: number): TestProcesses => {
    const tab = makeProcesses({ script: script(), store, liveLimit })
    open.push(tab)
    return tab
  }
  return {
    makeTab,
    /** The page is closed, and opened again. */
    async reload(old: TestProcesses, store: ProcessStore, liveLimit?: number): Promise<TestProcesses> {
      await old.table.stop()
      const tab = makeTab(store, liveLimit)
      await tab.table.restore()
      return tab
    },
    /** Ends all of them. For `afterEach`. */
    async endTabs(): Promise<void> {
      await Promise.all(open.splice(0).map(({ table }) => table.stop()))
    },
  }
}

/** The module with an added section that changes nothing but its CID. */
export function altered(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...bytes, 0, 2, 1, 0x78])
}

/** Makes workers of a script, and shows which of them were ended. @param script Asked for with each worker. */
export function watchedWorkers(script: () => URL): { workers: { ended: boolean }[]; createWorker(): Promise<Worker> } {
  const workers: { ended: boolean }[] = []
  return {
    workers,
    async createWorker() {
      const made = threadWorker(script())
      const seen = { ended: false }
      workers.push(seen)
      const terminate = made.terminate.bind(made)
      made.terminate = () => {
        seen.ended = true
        terminate()
      }
      return made
    },
  }
}
