import { arrivedContext, atDeadline, type CallContext, MAX_TIMER_MS } from '../glia/call-context.ts'
import type { AddressWatches } from '../glia/address-watches.ts'
import { concat } from '../glia/stream/concat.ts'
import { cancellation } from '../glia/cancel.ts'
import { GliaError } from '../glia/errors.ts'
import { bytesOf } from '../glia/stream/bytes-of.ts'
import type { HttpApi } from '../glia/http/http.ts'
import { readCallKey } from '../glia/http/request-key.ts'
import { askInTime, type AskListing } from '../glia/listing.ts'
import { orAborted } from '../glia/wait/or-aborted.ts'
import type { Stream } from '../glia/stream/stream.ts'
import type { Router } from '../glia/router.ts'
import { isSnapshotFile } from '../actors/snapshot/snapshot-magic.ts'
import type { ProcessTable } from '../actors/table/process-table.ts'
import type { EverythingSource } from '../ui/model.ts'
import type { CallReplays } from './call-replays.ts'
import { readTarget } from './link-target.ts'
import type { GliaScripting } from './scripting.ts'
import type { People } from './people.ts'
import type { TabMesh } from './tab-mesh.ts'

export interface ScriptingParts {
  listingOf: AskListing
  peerId: string
  router: Router
  http: HttpApi
  table: ProcessTable
  mesh: TabMesh
  people: People
  watches(): Promise<AddressWatches>
  /** The recorded calls; undefined if none are recorded. */
  traced: Promise<{ replays: CallReplays }> | undefined
}

export interface ScriptingInit {
  /** The parts, once the peer runs. */
  boot: Promise<ScriptingParts>
  /** When HTTP requests reach the processes. */
  served: Promise<void>
  /** Aborts when the peer is stopped; the reason is what calls fail with from then on. */
  alive: AbortSignal
  /** Whose keys this page's requests carry. */
  client(): string
  /** What this browser keeps, as one thing; undefined where the page is not Glia's own. */
  everything: (() => Promise<EverythingSource>) | undefined
}

export function createScripting({ boot, served, alive, client, everything }: ScriptingInit): GliaScripting {
  let parts: ScriptingParts | undefined
  let watches: AddressWatches | undefined
  const booted = boot.then((made) => (parts = made))
  const ready = booted.then(() => undefined)
  // Whoever awaits them gets the error. If nobody does, the page shows it.
  for (const promise of [ready, served]) promise.catch(() => undefined)
  const started = async (): Promise<ScriptingParts> => {
    alive.throwIfAborted()
    return orAborted(booted, alive)
  }

  const open = async (text: string, { bytes, signal, context, key }: OpenInit = {}): Promise<Stream> => {
    const { router } = await started()
    const address = await router.resolve(text, { signal: signal ?? new AbortController().signal })
    signal?.throwIfAborted()
    return router.open(address, { caller: 'browser', expectedBytes: bytes, context, key })
  }

  const replays = async (): Promise<CallReplays> => {
    const traced = await (await started()).traced
    if (traced) return traced.replays
    throw new GliaError('ERR_BAD_REQUEST', 'This peer records no calls: only Glia’s own page does.')
  }

  const all = async (): Promise<EverythingSource> => {
    await started()
    if (everything) return everything()
    throw new GliaError('ERR_BAD_REQUEST', 'Only Glia’s own page exports and imports everything.')
  }

  return {
    get peerId() {
      return parts?.peerId
    },
    ready,
    served,
    async spawn(module, options = {}) {
      const { table } = await started()
      const blob = blobOfModule(module)
      if (await isSnapshotFile(blob)) return table.spawnFrom(blob, options)
      const named = module instanceof File ? { name: processName(module.name), ...options } : options
      return table.spawn(blob, named)
    },
    async checkpoint(pid, { signal } = {}) {
      await (await started()).table.checkpoint(pid, signal)
    },
    snapshot: async (pid, { signal, id } = {}) => (await started()).table.snapshot(pid, signal, id),
    snapshots: async (pid) => (await started()).table.snapshots(pid),
    async rewind(pid, id, { signal } = {}) {
      await (await started()).table.rewind(pid, id, signal)
    },
    procs: () =>
      parts?.table.entries.map(({ record, proc, state, keys }) => ({
        pid: record.pid,
        name: record.name,
        cid: record.cid,
        methods: record.methods,
        state,
        messages: proc.messages,
        waiting: proc.waiting,
        memoryBytes: proc.memoryBytes,
        policy: record.policy,
        restart: record.restart,
        exits: record.exits ?? [],
        death: proc.death,
        previousCid: record.previous?.cid,
        watches: record.watches ?? [],
        links: record.links ?? [],
        hasKeys: record.key === true,
        keys: keys?.count,
      })) ?? [],
    async kill(pid) {
      await (await started()).table.kill(pid)
    },
    setPolicy: async (pid, policy) => (await started()).table.setPolicy(pid, policy),
    keys: async (pid, options) => (await started()).table.keys(pid, options),
    calls: (pid) => {
      const proc = parts?.table.get(pid)
      if (!proc) throw new GliaError('ERR_NO_PROC', `This peer has no process ${pid}.`)
      return proc.calls.list()
    },
    record: async (pid, isOn = true) => (await replays()).record(pid, isOn),
    recordings: async () =>
      (await (await replays()).list()).map(({ id, pid, method, at, missing }) => ({
        id: id.toString(36),
        pid,
        method,
        at,
        missing,
      })),
    saveCall: async (id, { module = false } = {}) => (await replays()).save(Number.parseInt(id, 36), module),
    async replay(file, { module, signal } = {}) {
      const given = module === undefined ? undefined : blobOfModule(module)
      return (await (await replays()).replay(file, given, signal)).result
    },
    exportAll: async ({ identity = false } = {}) => (await all()).export({ withIdentity: identity }),
    async importAll(file, { placing = 'add', identity = false, managers = false } = {}) {
      const archive = await (await all()).read(blobOfModule(file, 'an archive'))
      if (placing !== 'add' && placing !== 'replace')
        throw new GliaError('ERR_BAD_REQUEST', 'placing is add or replace.')
      if (identity && !archive.hasIdentity) throw new GliaError('ERR_BAD_REQUEST', 'The archive has no identity.')
      await archive.put({ placing, withIdentity: identity, withManagers: managers })
    },
    async restart(pid) {
      await (await started()).table.restart(pid)
    },
    async swap(pid, module) {
      const { table } = await started()
      await table.swap(pid, blobOfModule(module))
    },
    async swapBack(pid) {
      await (await started()).table.swapBack(pid)
    },
    log(pid) {
      const entry = parts?.table.entryOf(pid)
      if (!entry) throw new GliaError('ERR_NO_PROC', `This tab has no process ${pid}. It may have been killed.`)
      return entry.log.lines.map((line) => ({ ...line }))
    },
    files: async (pid) => (await started()).table.files.list(pid),
    exportFiles: async (pid) => (await started()).table.files.export(pid),
    async importFiles(pid, files, { signal } = {}) {
      const { table } = await started()
      try {
        await table.files.import(pid, files, signal)
      } catch (thrown) {
        throw signal?.aborted ? gaveUp(signal) : thrown
      }
    },
    async watch(first, second, method?: string) {
      const { table, watches: make } = await started()
      // Watches between processes of this tab work without a mesh.
      if (typeof second === 'string' && !second.startsWith('/') && method !== undefined) {
        return table.links.watch(first, second, method)
      }
      const made = await make()
      watches ??= made
      return watches.watch(first, second, method)
    },
    async unwatch(id) {
      const { table } = await started()
      if (!watches?.unwatch(id)) table.links.unwatch(id)
    },
    async link(a, b) {
      const { table } = await started()
      table.links.link(a, b)
    },
    async unlink(a, b) {
      const { table } = await started()
      table.links.unlink(a, b)
    },
    async call(address, body = '', { signal, deadlineMs, key } = {}) {
      const message = bytesOf(body)
      const callKey = readCallKey(key)
      const context = arrivedContext({ deadlineMs: readDeadline(deadlineMs) })
      const late = new AbortController()
      const stopClock = atDeadline(context, (error) => late.abort(error))
      const limit = signal ? AbortSignal.any([signal, late.signal]) : late.signal
      try {
        const opened = open(address, { bytes: message.length, signal: limit, context, key: callKey })
        return await collect(await orAborted(opened, limit), message, limit)
      } catch (thrown) {
        throw limit.aborted ? gaveUp(limit) : thrown
      } finally {
        stopClock()
      }
    },
    fetch: async (target, init = {}) => {
      const [{ http }, { fetchCall }] = await Promise.all([started(), import('./fetch-call.ts')])
      return fetchCall(target, init, { base: new URL('.', document.baseURI), api: http, client })
    },
    open: (address) => open(address),
    async listed(peerId, { signal } = {}) {
      return askInTime((await started()).listingOf, peerId, signal)
    },
    peers: () => parts?.mesh.node?.peers() ?? [],
    connect: async (target, { signal } = {}) => (await started()).mesh.connect(target, signal),
    async disconnect(peerId) {
      const { mesh } = await started()
      await (await mesh.started).disconnect(peerId)
    },
    managers: () => parts?.people.managers ?? [],
    async setManager(peerId, isManager = true) {
      await (await started()).people.setManager(peerId, isManager)
    },
    joinLink(target = {}) {
      const link = parts?.mesh.joinLink(readTarget(target, parts.table))
      if (link === undefined) {
        throw new GliaError(
          'ERR_UNREACHABLE',
          'This tab is on no relay yet, so nothing outside this browser can reach it.',
        )
      }
      return link
    },
  }
}

interface OpenInit {
  /** Length of the message, in bytes. */
  bytes?: number
  signal?: AbortSignal
  context?: CallContext
  key?: string | undefined
}

/** The name of a process that is made of a file. */
export function processName(fileName: string): string {
  return fileName.replace(/\.(wasm(\.gz)?|gliasnap)$/i, '').slice(0, 100) || 'actor'
}

async function collect(stream: Stream, bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
  const giveUp = (): void => stream.abort(gaveUp(signal))
  signal?.addEventListener('abort', giveUp, { once: true })
  if (signal?.aborted) giveUp()
  try {
    void send(stream, bytes)
    return await readReply(stream)
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

/** @throws {GliaError} the failure of the call. After an exit, its `reply` is the output until then. */
async function readReply(stream: Stream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  try {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) chunks.push(chunk)
  } catch (thrown) {
    if (thrown instanceof GliaError && thrown.exitCode !== undefined) thrown.reply = concat(chunks)
    throw thrown
  }
  return concat(chunks)
}

/** @throws {GliaError} ERR_BAD_REQUEST if no timer can wait so long. */
function readDeadline(ms: unknown): number | undefined {
  if (ms === undefined) return undefined
  if (typeof ms === 'number' && ms >= 1 && ms <= MAX_TIMER_MS) return ms
  throw new GliaError('ERR_BAD_REQUEST', `deadlineMs is a number of milliseconds from 1 to ${MAX_TIMER_MS}.`)
}

function gaveUp(signal: AbortSignal | undefined): GliaError {
  if (signal?.reason instanceof GliaError) return signal.reason
  return cancellation('The caller gave up.', signal?.reason)
}

/** The reply tells of failures while sending. A process that does not read to the end may still reply well. */
async function send(stream: Stream, bytes: Uint8Array): Promise<void> {
  try {
    await stream.write(bytes)
  } catch {
    return
  }
  await stream.closeWrite()
}

/** A copy: the caller may change its bytes afterwards. */
function blobOfModule(module: unknown, what = 'a module'): Blob {
  if (module instanceof Blob) return module
  if (module instanceof ArrayBuffer) return new Blob([module])
  // A Blob cannot be made of shared memory.
  if (module instanceof Uint8Array) return new Blob([isUnshared(module) ? module : module.slice()])
  throw new GliaError('ERR_BAD_REQUEST', `Give the bytes of ${what}: a Uint8Array, an ArrayBuffer or a File.`)
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
}
