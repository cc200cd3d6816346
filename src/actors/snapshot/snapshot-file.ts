import { GliaError } from '../../glia/errors.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import { cidOf } from '../module/cid.ts'
import { decodeFile, encodeFile, globalsIn, globalsOut } from './cbor-file.ts'
import { checkedSnapshot } from './checked-snapshot.ts'
import { contentOut, type KeptInstance, readInstances } from './kept-instances.ts'
import { bad, type WholeSnapshot } from './snapshot.ts'
import { SNAPSHOT_MAGIC } from './snapshot-magic.ts'

/** Largest snapshot file, in bytes. It is read whole. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024
/** The version of a file that every Glia reads, and that of one with the keys of a process. */
const VERSION = 1
const KEYED_VERSION = 2

/** How a process was made. Its policy is not in a file: that is its owner's. */
interface Made {
  module: Uint8Array<ArrayBuffer>
  name: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  tty: boolean
  /** Its read-only files elsewhere. */
  mounts: readonly { path: string; bytes: Uint8Array<ArrayBuffer> }[]
}

/** A process, or the instance of a key, as a file: its module, its state, and how it was made. */
export interface SnapshotFile extends Made {
  whole: WholeSnapshot
  /** Its files under `/data`, as a tar archive. */
  data: Uint8Array<ArrayBuffer>
}

/** A process with all of its keys as a file. */
export interface KeyedFile extends Made {
  instances: readonly KeptInstance[]
}

/** The file is a CBOR map behind {@link SNAPSHOT_MAGIC}. */
export async function encodeSnapshotFile({ whole, ...file }: SnapshotFile): Promise<Blob> {
  const { snapshot, packs } = whole
  const globals = globalsOut(snapshot.globals)
  const units = packs.map(({ id, hashes, bytes }) => ({ id, hashes, bytes }))
  return encodeFile(SNAPSHOT_MAGIC, { ...file, version: VERSION, snapshot: { ...snapshot, globals }, packs: units })
}

/** The same, of a process with keys. */
export async function encodeKeyedFile({ instances, ...file }: KeyedFile): Promise<Blob> {
  return encodeFile(SNAPSHOT_MAGIC, { ...file, version: KEYED_VERSION, instances: instances.map(contentOut) })
}

/** @throws {GliaError} ERR_BAD_SNAPSHOT that says what is wrong with the file. */
export async function decodeSnapshotFile(file: Blob): Promise<SnapshotFile | KeyedFile> {
  const content = await decodeFile(file, {
    magic: SNAPSHOT_MAGIC,
    what: 'snapshot',
    versions: [VERSION, KEYED_VERSION],
    maxBytes: MAX_FILE_BYTES,
    bad,
  })
  const { version, snapshot, packs, module, name, args, env, tty, data, mounts } = content
  if (!isBytes(module) || !Array.isArray(mounts)) throw bad('a part of the file is missing')
  const cid = await cidOf(module)
  const made: Made = {
    module,
    // Whoever spawns it checks these like the options of a script.
    name: name as string,
    args: args as readonly string[],
    env: env as Readonly<Record<string, string>>,
    tty: tty === true,
    mounts: mounts.map(readMount),
  }
  if (version === KEYED_VERSION) return { ...made, instances: await readKeys(content['instances'], cid) }
  if (!isBytes(data) || !Array.isArray(packs)) throw bad('a part of the file is missing')
  const whole = await checkedSnapshot({
    snapshot: { ...fields(snapshot), globals: globalsIn(fields(snapshot)['globals'], bad) },
    packs,
  })
  if (new Set(whole.packs.map(({ id }) => id)).size < whole.packs.length)
    throw bad('two parts of it have the same number')
  if (cid !== whole.snapshot.cid) throw bad('the module in the file is not the one of its state')
  return { ...made, whole, data }
}

async function readKeys(instances: unknown, cid: string): Promise<KeptInstance[]> {
  try {
    return await readInstances(instances, cid)
  } catch (thrown) {
    if (thrown instanceof GliaError && thrown.code === 'ERR_BAD_SNAPSHOT') throw thrown
    throw bad(`in its keys, ${thrown instanceof Error ? thrown.message.replace(/\.$/, '') : 'a part is wrong'}`, thrown)
  }
}

function readMount(value: unknown): Made['mounts'][number] {
  const { path, bytes } = fields(value)
  if (typeof path === 'string' && isBytes(bytes)) return { path, bytes }
  throw bad('a read-only file of it is wrong')
}
