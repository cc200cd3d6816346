import { decode, encode } from 'cborg'
import { fields, isBytes } from '../../glia/untrusted.ts'
import { mib } from '../module/cap-memory.ts'
import { cidOf } from '../module/cid.ts'
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
  const globals = snapshot.globals.map(({ index, type, value }) => ({ index, type, value: bitsOf(type, value) }))
  const units = packs.map(({ id, hashes, bytes }) => ({ id, hashes, bytes }))
  const body = encode({ ...file, version: VERSION, snapshot: { ...snapshot, globals }, packs: units })
  return new Blob([SNAPSHOT_MAGIC, body], { type: 'application/cbor' })
}

/** @throws {GliaError} ERR_BAD_SNAPSHOT that says what is wrong with the file. */
export async function decodeSnapshotFile(file: Blob): Promise<SnapshotFile> {
  if (file.size > MAX_FILE_BYTES) throw bad(`the file has more than ${mib(MAX_FILE_BYTES)}`)
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (!SNAPSHOT_MAGIC.every((byte, i) => bytes[i] === byte)) throw bad('the file is no snapshot')
  const { version, snapshot, packs, module, name, args, env, tty, data, mounts } = fields(
    decoded(bytes.subarray(SNAPSHOT_MAGIC.length)),
  )
  if (version !== VERSION)
    throw bad(`the file is of version ${String(version)}, and this version of Glia reads version ${VERSION}`)
  if (!isBytes(module) || !isBytes(data) || !Array.isArray(packs) || !Array.isArray(mounts))
    throw bad('a part of the file is missing')
  const whole = await checkedSnapshot({
    snapshot: { ...fields(snapshot), globals: withNumbers(fields(snapshot)['globals']) },
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

function decoded(bytes: Uint8Array): unknown {
  try {
    return decode(bytes, { strict: true, rejectDuplicateMapKeys: true, allowIndefinite: false, allowUndefined: false })
  } catch (cause) {
    throw bad('the file is damaged or cut off', cause)
  }
}

function readMount(value: unknown): SnapshotFile['mounts'][number] {
  const { path, bytes } = fields(value)
  if (typeof path === 'string' && isBytes(bytes)) return { path, bytes }
  throw bad('a read-only file of it is wrong')
}

/** The bits of a number: CBOR has no negative zero, and writes large numbers in several ways. */
function bitsOf(type: string, value: number | bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  if (type === 'i64') view.setBigInt64(0, BigInt(value))
  else view.setFloat64(0, Number(value))
  return new Uint8Array(view.buffer)
}

function withNumbers(globals: unknown): unknown {
  if (!Array.isArray(globals)) return globals
  return globals.map((one: unknown) => {
    const { index, type, value } = fields(one)
    if (!isBytes(value) || value.length !== 8) throw bad('a variable of it has no value')
    const view = new DataView(value.buffer, value.byteOffset)
    return { index, type, value: type === 'i64' ? view.getBigInt64(0) : view.getFloat64(0) }
  })
}
