import { fields, isBytes } from '../../glia/untrusted.ts'
import { cidOf } from '../module/cid.ts'
import { decodeFile, encodeFile, globalsIn, globalsOut } from './cbor-file.ts'
import { checkedSnapshot } from './checked-snapshot.ts'
import { bad, type WholeSnapshot } from './snapshot.ts'
import { SNAPSHOT_MAGIC } from './snapshot-magic.ts'

/** Largest snapshot file, in bytes. It is read whole. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024
const VERSION = 1

/** A process as a file: its module, its state, and how it was made. Its policy is not in it: that is its owner's. */
export interface SnapshotFile {
  whole: WholeSnapshot
  module: Uint8Array<ArrayBuffer>
  name: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  tty: boolean
  /** Its files under `/data`, as a tar archive. */
  data: Uint8Array<ArrayBuffer>
  /** Its read-only files elsewhere. */
  mounts: readonly { path: string; bytes: Uint8Array<ArrayBuffer> }[]
}

/** The file is a CBOR map behind {@link SNAPSHOT_MAGIC}. */
export function encodeSnapshotFile({ whole, ...file }: SnapshotFile): Blob {
  const { snapshot, packs } = whole
  const globals = globalsOut(snapshot.globals)
  const units = packs.map(({ id, hashes, bytes }) => ({ id, hashes, bytes }))
  return encodeFile(SNAPSHOT_MAGIC, { ...file, version: VERSION, snapshot: { ...snapshot, globals }, packs: units })
}

/** @throws {GliaError} ERR_BAD_SNAPSHOT that says what is wrong with the file. */
export async function decodeSnapshotFile(file: Blob): Promise<SnapshotFile> {
  const content = await decodeFile(file, {
    magic: SNAPSHOT_MAGIC,
    what: 'snapshot',
    version: VERSION,
    maxBytes: MAX_FILE_BYTES,
    bad,
  })
  const { snapshot, packs, module, name, args, env, tty, data, mounts } = content
  if (!isBytes(module) || !isBytes(data) || !Array.isArray(packs) || !Array.isArray(mounts))
    throw bad('a part of the file is missing')
  const whole = await checkedSnapshot({
    snapshot: { ...fields(snapshot), globals: globalsIn(fields(snapshot)['globals'], bad) },
    packs,
  })
  if (new Set(whole.packs.map(({ id }) => id)).size < whole.packs.length)
    throw bad('two parts of it have the same number')
  if ((await cidOf(module)) !== whole.snapshot.cid) throw bad('the module in the file is not the one of its state')
  return {
    whole,
    module,
    // Whoever spawns it checks these like the options of a script.
    name: name as string,
    args: args as readonly string[],
    env: env as Readonly<Record<string, string>>,
    tty: tty === true,
    data,
    mounts: mounts.map(readMount),
  }
}

function readMount(value: unknown): SnapshotFile['mounts'][number] {
  const { path, bytes } = fields(value)
  if (typeof path === 'string' && isBytes(bytes)) return { path, bytes }
  throw bad('a read-only file of it is wrong')
}
