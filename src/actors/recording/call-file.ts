import { fields, isBytes } from '../../glia/untrusted.ts'
import { cidOf } from '../module/cid.ts'
import { decodeFile, encodeFile, globalsIn, globalsOut } from '../snapshot/cbor-file.ts'
import { readEvents } from './events.ts'
import { bad, isCount, isText, readRunRecording, type RunRecording } from './recording.ts'

/** The first bytes of a file of a call: CBOR's mark of itself, and a text. No module, archive or snapshot begins so. */
const CALL_MAGIC: Uint8Array<ArrayBuffer> = Uint8Array.of(0xd9, 0xd9, 0xf7, 0x67, 0x63, 0x61, 0x6c, 0x6c, 0x3a)
/** Largest file, in bytes. It is read whole. */
const MAX_FILE_BYTES = 512 * 1024 * 1024
const MAX_TEXTS = 10_000
/** Longest argument or variable, in UTF-16 units. */
const MAX_TEXT = 1024 * 1024
const VERSION = 1

/** A call that can be run again, by itself. */
export interface CallRecording extends RunRecording {
  /** CID of the module that ran. */
  cid: string
  /** What the process was called. */
  name: string
  /** When the call began, in ms since the epoch. */
  at: number
  /** argv, with the name first. */
  args: readonly string[]
  /** `KEY=value` each. */
  env: readonly string[]
  /** The cap on its memory, in bytes. */
  maxMemoryBytes: number
}

export interface CallFile {
  call: CallRecording
  /** The bytes of the module, if they are in the file. */
  module: Uint8Array<ArrayBuffer> | undefined
}

/** A recorded call as a file. It holds what the program has read: the message, its arguments, its environment, files. */
export async function encodeCallFile({ call, module }: CallFile): Promise<Blob> {
  const { start } = call
  return encodeFile(CALL_MAGIC, {
    ...call,
    version: VERSION,
    start: start.kind === 'memory' ? { ...start, globals: globalsOut(start.globals) } : start,
    ...(module && { module }),
  })
}

/** @throws {GliaError} ERR_BAD_REQUEST that says what is wrong with the file. */
export async function decodeCallFile(file: Blob): Promise<CallFile> {
  const content = await decodeFile(file, {
    magic: CALL_MAGIC,
    what: 'recorded call',
    versions: [VERSION],
    maxBytes: MAX_FILE_BYTES,
    bad,
  })
  const { cid, name, at, args, env, maxMemoryBytes, module } = content
  const start = fields(content['start'])
  const run = readRunRecording({ ...content, start: { ...start, globals: globalsIn(start['globals'], bad) } })
  if (!isText(cid) || !isText(name)) throw bad('it does not name its module')
  if (!isCount(at, Number.MAX_SAFE_INTEGER)) throw bad('its time is wrong')
  if (!isTexts(args) || !isTexts(env)) throw bad('its arguments are wrong')
  if (!isCount(maxMemoryBytes, 2 ** 32)) throw bad('it does not say how much memory it may have')
  if (module !== undefined && (!isBytes(module) || (await cidOf(module)) !== cid))
    throw bad('the module in the file is not the one that ran')
  if (run.log) readEvents(run.log)
  return { call: { ...run, cid, name, at, args, env, maxMemoryBytes }, module }
}

function isTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_TEXTS &&
    value.every((text) => typeof text === 'string' && text.length <= MAX_TEXT)
  )
}
