import { GliaError, toGliaError } from '../../glia/errors.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { isPid, type Pid } from '../../glia/pid.ts'
import type { Watch } from '../../glia/process/links.ts'
import { checkMethodNames } from '../../glia/process/policy.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import { readMounts } from '../files/given-mounts.ts'
import { cidOf } from '../module/cid.ts'
import { decodeFile, encodeFile } from '../snapshot/cbor-file.ts'
import {
  contentOut,
  type KeptContent,
  type KeptInstance,
  readContent,
  readInstances,
} from '../snapshot/kept-instances.ts'
import { type FiledReminder, fitTogether, readReminders } from '../sys/check-reminder.ts'
import { completeSpawnOptions, type SpawnOptions } from '../table/spawn-options.ts'
import { modulesOf, type ModuleVersion, type ProcessRecord } from '../table/process-record.ts'
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
/** Most ties of one process. */
const MAX_TIES = 10_000
const MAX_TEXT = 1000

interface WithReminders {
  /** The messages that it gets later. Left out: none. */
  reminders?: readonly FiledReminder[] | undefined
}

/** What a process, or the instance of a key, has. */
export interface ArchivedContent extends KeptContent, WithReminders {}

/** The instance of a key. */
export interface ArchivedInstance extends KeptInstance, WithReminders {}

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
export async function encodeArchive({ processes, modules, identity, ...rest }: Archive): Promise<Blob> {
  const file = await encodeFile(ARCHIVE_MAGIC, {
    version: VERSION,
    ...rest,
    ...(identity && { identity }),
    modules: [...modules.values()],
    processes: processes.map(({ instances, ...process }) => ({
      ...archivedOut(process),
      ...(instances && { instances: instances.map(archivedOut) }),
    })),
  })
  if (file.size <= MAX_FILE_BYTES) return file
  throw new GliaError(
    'ERR_BAD_REQUEST',
    'All of it has more than 1 GiB, which is too large for one file. Save large processes by themselves, and kill them first.',
  )
}

function archivedOut(content: ArchivedProcess | ArchivedInstance): object {
  const { reminders = [] } = content
  return { ...contentOut(content), ...(reminders.length > 0 && { reminders }) }
}

/**
 * Reads an archive, and checks everything in it: it may come from anywhere.
 * @throws {GliaError} ERR_BAD_REQUEST that says what is wrong with the file.
 */
export async function decodeArchive(file: Blob, inspect: InspectModule): Promise<Archive> {
  const content = await decodeFile(file, {
    magic: ARCHIVE_MAGIC,
    what: 'archive of Glia',
    versions: [VERSION],
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
  const { record, instances, reminders } = fields(value)
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
  const read: ArchivedProcess = {
    record: made,
    ...(await readContent(value, made.cid)),
    // One of a process with keys would be a message to nobody.
    ...(!made.key && remindersIn(reminders)),
    ...(made.key && { instances: await instancesIn(instances ?? [], made.cid) }),
  }
  const all = [read, ...(read.instances ?? [])].flatMap((each) => each.reminders ?? [])
  if (!fitTogether(all)) throw new Error('its reminders are too large')
  return read
}

async function instancesIn(value: unknown, cid: string): Promise<ArchivedInstance[]> {
  const read = await readInstances(value, cid)
  const given = value as readonly unknown[]
  return read.map((instance, i) => ({ ...instance, ...remindersIn(fields(given[i])['reminders']) }))
}

function remindersIn(value: unknown): WithReminders {
  return value === undefined ? {} : { reminders: readReminders(value) }
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
