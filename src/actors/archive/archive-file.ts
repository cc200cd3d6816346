import { GliaError, toGliaError } from '../../glia/errors.ts'
import { readKey } from '../../glia/instance-key.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { isPid, type Pid } from '../../glia/pid.ts'
import type { Watch } from '../../glia/process/links.ts'
import { checkMethodNames } from '../../glia/process/policy.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import { type FileEntry, readFilesChanged } from '../files/files-api.ts'
import { readMounts } from '../files/given-mounts.ts'
import { cidOf } from '../module/cid.ts'
import { decodeFile, encodeFile, globalsIn, globalsOut } from '../snapshot/cbor-file.ts'
import { checkedSnapshot } from '../snapshot/checked-snapshot.ts'
import type { WholeSnapshot } from '../snapshot/snapshot.ts'
import { completeSpawnOptions, type SpawnOptions } from '../table/spawn-options.ts'
import { type KeyRecord, modulesOf, type ModuleVersion, type ProcessRecord } from '../table/process-record.ts'
import type { KeptPeople, MeshSettings } from '../table/schema.ts'
import { readIdentity, readMesh, readPage, readPeople } from './archived-settings.ts'

/** The first bytes of an archive: CBOR's mark of itself, and the text “glia.all”. No module and no snapshot begins so. */
const ARCHIVE_MAGIC: Uint8Array<ArrayBuffer> = Uint8Array.of(
  0xd9,
  0xd9,
  0xf7,
  0x68,
  0x67,
  0x6c,
  0x69,
  0x61,
  0x2e,
  0x61,
  0x6c,
  0x6c,
)
const VERSION = 1
/** Largest archive, in bytes. It is read whole. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024
const MAX_PROCESSES = 10_000
/** Most keys of one process: as many as a policy can allow. */
const MAX_INSTANCES = 1_000_000
/** Most ties of one process. */
const MAX_TIES = 10_000
const MAX_TEXT = 1000

/** What a process, or the instance of a key, has. */
export interface ArchivedContent {
  /** What is under `/data`. */
  files: readonly FileEntry[]
  /** What it had in memory; undefined if that was not kept. */
  memory: WholeSnapshot | undefined
}

export interface ArchivedInstance extends ArchivedContent {
  record: KeyRecord
}

/** A process with all that the browser keeps of it. */
export interface ArchivedProcess extends ArchivedContent {
  record: ProcessRecord
  /** Its keys, if it has an instance for each. */
  instances?: readonly ArchivedInstance[] | undefined
}

/** Whoever has the key is the peer. */
export interface ArchivedIdentity {
  peerId: string
  /** The 32 bytes of an Ed25519 key (RFC 8032). */
  key: Uint8Array<ArrayBuffer>
}

/** All that a browser keeps of one peer. */
export interface Archive {
  /** When it was made, in ms since the epoch. */
  at: number
  /** Version of Glia that made it. */
  glia: string
  /** Id of the peer. */
  peer: string
  /** Undefined if the person did not want it in the file. */
  identity: ArchivedIdentity | undefined
  processes: readonly ArchivedProcess[]
  /** Modules, and contents of read-only files, by CID. */
  modules: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
  mesh: MeshSettings
  people: KeptPeople
  /** What the page keeps: the theme, the default policy. */
  page: Readonly<Record<string, string>>
}

/** Reads a module and tells its methods. @throws {GliaError} ERR_BAD_MODULE */
export type InspectModule = (module: Blob) => Promise<Pick<ModuleVersion, 'methods'>>

/** @throws {GliaError} ERR_BAD_REQUEST if it would be too large to be read again. */
export function encodeArchive({ processes, modules, identity, ...rest }: Archive): Blob {
  const file = encodeFile(ARCHIVE_MAGIC, {
    version: VERSION,
    ...rest,
    ...(identity && { identity }),
    modules: [...modules.values()],
    processes: processes.map(({ instances, ...process }) => ({
      ...contentOut(process),
      ...(instances && { instances: instances.map(contentOut) }),
    })),
  })
  if (file.size <= MAX_FILE_BYTES) return file
  throw new GliaError(
    'ERR_BAD_REQUEST',
    'All of it has more than 1 GiB, which is too large for one file. Save large processes by themselves, and kill them first.',
  )
}

function contentOut({ record, files, memory }: ArchivedProcess | ArchivedInstance): object {
  return {
    // Without fields that are undefined, which the file has no place for.
    record: JSON.parse(JSON.stringify(record)) as unknown,
    files,
    ...(memory && { memory: { packs: memory.packs, snapshot: snapshotOut(memory) } }),
  }
}

function snapshotOut({ snapshot }: WholeSnapshot): unknown {
  return { ...snapshot, globals: globalsOut(snapshot.globals) }
}

/**
 * Reads an archive, and checks everything in it: it may come from anywhere.
 * @throws {GliaError} ERR_BAD_REQUEST that says what is wrong with the file.
 */
export async function decodeArchive(file: Blob, inspect: InspectModule): Promise<Archive> {
  const content = await decodeFile(file, {
    magic: ARCHIVE_MAGIC,
    what: 'archive of Glia',
    version: VERSION,
    maxBytes: MAX_FILE_BYTES,
    bad,
  })
  const { at, glia, peer, identity, modules, processes, mesh, people, page } = content
  if (!isTime(at) || !isText(glia)) throw bad('it does not say when and by what it was made')
  if (typeof peer !== 'string' || !isPeerId(peer)) throw bad('it does not name its peer')
  if (!Array.isArray(modules) || !Array.isArray(processes)) throw bad('a part of it is missing')
  if (processes.length > MAX_PROCESSES) throw bad(`it has more than ${MAX_PROCESSES} processes`)
  const bytesOf = await readModules(modules)
  const read: ArchivedProcess[] = []
  const methods = new Map<string, readonly string[]>()
  const versionOf = async (cid: unknown): Promise<ModuleVersion> => {
    const bytes = typeof cid === 'string' ? bytesOf.get(cid) : undefined
    if (typeof cid !== 'string' || !bytes) throw bad('a module of it is missing')
    const known = methods.get(cid) ?? (await inspect(new Blob([bytes]))).methods
    methods.set(cid, known)
    return { cid, moduleBytes: bytes.length, methods: known }
  }
  for (const [i, process] of processes.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- all at once would take as much memory again
    read.push(await named(`process ${i + 1}`, async () => readProcess(process, bytesOf, versionOf)))
  }
  const pids = new Set(read.map(({ record }) => record.pid))
  if (pids.size < read.length) throw bad('two processes of it have the same PID')
  if (read.filter(({ record }) => record.root).length > 1) throw bad('it has two root processes')
  return {
    at,
    glia,
    peer,
    identity: identity === undefined ? undefined : readIdentity(identity, bad),
    processes: read,
    modules: bytesOf,
    mesh: readMesh(mesh, bad),
    people: readPeople(people, bad),
    page: readPage(page, bad),
  }
}

async function readModules(modules: readonly unknown[]): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const read = modules.map(async (bytes) => {
    if (!isBytes(bytes)) throw bad('a module of it is wrong')
    const own = bytes.slice()
    return [await cidOf(own), own] as const
  })
  return new Map(await Promise.all(read))
}

async function readProcess(
  value: unknown,
  modules: Archive['modules'],
  versionOf: (cid: unknown) => Promise<ModuleVersion>,
): Promise<ArchivedProcess> {
  const { record, files, memory, instances } = fields(value)
  const { pid, cid, previous, root, createdAt, dead, watches, links, mounts, name, description, args, env, ...more } =
    fields(record)
  if (typeof pid !== 'string' || !isPid(pid)) throw new Error('its PID is wrong')
  const { restart, policy, tty, key, parent } = more
  const options = completeSpawnOptions(
    { name, description, args, env, restart, policy, tty: tty ?? false, key: key ?? false } as SpawnOptions,
    'actor',
  )
  if (!isTime(createdAt)) throw new Error('it does not say when it was made')
  if (dead !== undefined && !isText(dead)) throw new Error('it does not say why it is dead')
  const version = await versionOf(cid)
  checkMethodNames(options.policy, version.methods)
  const mounted = await readMounts(mountsOf(mounts, modules))
  const made: ProcessRecord = {
    ...options,
    ...version,
    pid,
    slot: 0,
    root: root === true,
    createdAt,
    ...(mounted.mounted.length > 0 && { mounts: mounted.mounted }),
    ...(previous !== undefined && { previous: await versionOf(fields(previous)['cid']) }),
    ...(dead !== undefined && { dead }),
    watches: list(watches ?? [], 'watches', (watch) => readWatch(watch, pid)),
    links: list(links ?? [], 'links', readPid),
    ...(parent !== undefined && { parent: readPid(parent) }),
  }
  if (modulesOf(made).some((each) => !modules.has(each))) throw new Error('a read-only file of it is missing')
  return {
    record: made,
    files: readFiles(files),
    memory: memory === undefined ? undefined : await readMemory(memory, made.cid),
    ...(made.key && { instances: await readInstances(instances ?? [], made.cid) }),
  }
}

async function readInstances(instances: unknown, cid: string): Promise<ArchivedInstance[]> {
  if (!Array.isArray(instances) || instances.length > MAX_INSTANCES) throw new Error('the list of its keys is wrong')
  const read: ArchivedInstance[] = []
  for (const instance of instances) {
    const { record, files, memory } = fields(instance)
    const { key, createdAt, dead } = fields(record)
    if (!isTime(createdAt)) throw new Error('a key of it does not say when it was made')
    if (dead !== undefined && !isText(dead)) throw new Error('a key of it does not say why it is dead')
    read.push({
      record: { key: readKey(key), createdAt, ...(dead !== undefined && { dead }) },
      files: readFiles(files),
      // oxlint-disable-next-line no-await-in-loop -- all at once would take as much memory again
      memory: memory === undefined ? undefined : await readMemory(memory, cid),
    })
  }
  if (new Set(read.map((each) => each.record.key)).size === read.length) return read
  throw new Error('it has the same key twice')
}

function mountsOf(mounts: unknown, modules: Archive['modules']): Map<string, Uint8Array> {
  const read = list(mounts ?? [], 'read-only files', (mount): [string, Uint8Array] => {
    const { path, cid } = fields(mount)
    const bytes = typeof cid === 'string' ? modules.get(cid) : undefined
    if (typeof path !== 'string' || !bytes) throw new Error('a read-only file of it is missing')
    return [`/${path}`, bytes]
  })
  return new Map(read)
}

function readFiles(files: unknown): FileEntry[] {
  const { changes } = readFilesChanged({ type: 'changed', changes: files, tooLong: 0 })
  return changes.map((change) => {
    if (change.kind === 'removed') throw new Error('a file of it is wrong')
    // The bytes of the archive would be kept with those of the file.
    return change.kind === 'file' ? { ...change, bytes: change.bytes.slice() } : change
  })
}

async function readMemory(memory: unknown, cid: string): Promise<WholeSnapshot> {
  const { snapshot, packs } = fields(memory)
  if (!Array.isArray(packs)) throw new Error('a part of its memory is missing')
  const globals = globalsIn(fields(snapshot)['globals'], bad)
  const whole = await checkedSnapshot({ snapshot: { ...fields(snapshot), globals }, packs })
  if (whole.snapshot.cid !== cid) throw new Error('its memory is of another module')
  if (new Set(whole.packs.map(({ id }) => id)).size < whole.packs.length)
    throw new Error('two parts of its memory have the same number')
  return {
    snapshot: whole.snapshot,
    packs: whole.packs.map(({ id, hashes, bytes }) => ({ id, hashes: hashes.slice(), bytes: bytes.slice() })),
  }
}

function readWatch(value: unknown, watcher: Pid): Watch {
  const { id, watched, host, after, method } = fields(value)
  const isHost = host === undefined || (typeof host === 'string' && isPeerId(host))
  if (!isText(id) || !isText(method) || !isHost || (after !== undefined && !isTime(after)))
    throw new Error('a watch of it is wrong')
  return {
    id,
    watcher,
    watched: readPid(watched),
    method,
    ...(host !== undefined && { host }),
    ...(after !== undefined && { after }),
  }
}

function readPid(value: unknown): Pid {
  if (typeof value === 'string' && isPid(value)) return value
  throw new Error('a PID in it is wrong')
}

function list<T>(value: unknown, what: string, read: (one: unknown) => T): T[] {
  if (Array.isArray(value) && value.length <= MAX_TIES) return value.map(read)
  throw new Error(`the list of its ${what} is wrong`)
}

/** An error in a part of the file names the part. */
async function named<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : toGliaError(thrown).message
    throw bad(`in ${what}, ${why.replace(/\.$/, '')}`, thrown)
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

function bad(why: string, cause?: unknown): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `The archive cannot be used: ${why}.`, { cause })
}
