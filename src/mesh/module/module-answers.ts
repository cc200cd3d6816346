import type { Connection, Stream as Libp2pStream } from '@libp2p/interface'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { isModuleCid } from '../../glia/module-cid.ts'
import { isPid } from '../../glia/pid.ts'
import { type Tellable, tellProcess } from '../../glia/told-process.ts'
import { fields } from '../../glia/untrusted.ts'
import { orAborted } from '../../glia/wait/or-aborted.ts'
import { Rate } from '../dial/rate.ts'
import { readText } from '../dialects/text-answer.ts'
import {
  MAX_MODULE_BYTES,
  MAX_MODULE_QUESTION,
  MODULE_RATE,
  MODULE_RATE_IN_ALL,
  MODULE_SENDS,
  MODULE_SENDS_IN_ALL,
  MODULE_STALL_MS,
} from '../limits.ts'
import { sendAll } from '../patches/send-all.ts'

/** What a peer tells of its processes, and gives of their modules. */
export interface TellableProcesses {
  find(pid: string): Tellable | undefined
  /** A module that its owner shares, with the name of a process that runs it. */
  shared(cid: string): Promise<{ name: string; blob: Blob } | undefined>
}

/** Bytes that are read of a module at once. */
const PIECE_BYTES = 64 * 1024

const QUESTION_READ = {
  idleMs: MODULE_STALL_MS,
  maxLength: MAX_MODULE_QUESTION,
  tooLong: () => new Error('the question is too long'),
}

/** Answers peers that ask for a process or a module. SPEC.md has the wire. */
export class ModuleAnswers {
  readonly #processes: TellableProcesses
  readonly #ofPeer = new Rate(MODULE_RATE)
  readonly #ofAll = new Rate(MODULE_RATE_IN_ALL)
  /** The asking peer of each module that is being sent. */
  readonly #sends: string[] = []

  constructor(processes: TellableProcesses) {
    this.#processes = processes
  }

  /** Answers one question. Never rejects: a failure aborts the stream. */
  async answer(stream: Libp2pStream, connection: Connection): Promise<void> {
    const asker = connection.remotePeer.toString()
    try {
      const { pid, cid } = fields(JSON.parse(await readText(stream, { remote: asker, ...QUESTION_READ })))
      if (!this.#ofPeer.admits(asker) || !this.#ofAll.admits('all')) throw busy()
      if (typeof pid === 'string' && isPid(pid)) await sendLine(stream, this.#process(asker, pid))
      else if (typeof cid === 'string' && isModuleCid(cid)) await this.#sendModule(stream, asker, cid)
      else throw new GliaError('ERR_BAD_REQUEST', 'The question names neither a process nor a module.')
      await close(stream)
    } catch (thrown) {
      await refuse(stream, thrown)
    }
  }

  #process(asker: string, pid: string): object {
    const process = this.#processes.find(pid)
    if (!process) throw new GliaError('ERR_NO_PROC', 'There is no such process here. Its owner may have ended it.')
    return tellProcess(asker, process)
  }

  async #sendModule(stream: Libp2pStream, asker: string, cid: string): Promise<void> {
    const module = await this.#processes.shared(cid)
    // The same words for a module that is not here and for one that is not shared: which ones are here is not told.
    if (!module) throw new GliaError('ERR_DENIED', 'No process here shares a module with this CID.')
    const { name, blob } = module
    if (blob.size > MAX_MODULE_BYTES) throw new GliaError('ERR_DENIED', 'This module is too large to be sent.')
    const toPeer = this.#sends.filter((each) => each === asker).length
    if (toPeer >= MODULE_SENDS || this.#sends.length >= MODULE_SENDS_IN_ALL) throw busy()
    this.#sends.push(asker)
    try {
      await sendLine(stream, { name, bytes: blob.size })
      await sendBlob(stream, blob)
    } finally {
      this.#sends.splice(this.#sends.indexOf(asker), 1)
    }
  }
}

async function sendLine(stream: Libp2pStream, line: object): Promise<void> {
  await send(stream, new TextEncoder().encode(`${JSON.stringify(line)}\n`))
}

/** @throws {Error} that is no GliaError: a refusal cannot be sent amid the bytes. */
async function sendBlob(stream: Libp2pStream, blob: Blob): Promise<void> {
  try {
    for (let at = 0; at < blob.size; at += PIECE_BYTES) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      await send(stream, new Uint8Array(await blob.slice(at, at + PIECE_BYTES).arrayBuffer()))
    }
  } catch (cause) {
    throw new Error('the module could not be sent', { cause })
  }
}

async function send(stream: Libp2pStream, bytes: Uint8Array): Promise<void> {
  await orAborted(sendAll(stream, bytes), AbortSignal.timeout(MODULE_STALL_MS))
}

/** Says why there is no answer, if the stream can still carry that. */
async function refuse(stream: Libp2pStream, thrown: unknown): Promise<void> {
  try {
    if (!(thrown instanceof GliaError)) throw thrown
    const { code, message } = thrown
    await sendLine(stream, { code, message })
    await close(stream)
  } catch (failure) {
    stream.abort(toGliaError(failure))
  }
}

/** Over WebRTC the end waits for the other side. */
async function close(stream: Libp2pStream): Promise<void> {
  await stream.close({ signal: AbortSignal.timeout(MODULE_STALL_MS) })
}

function busy(): GliaError {
  return new GliaError('ERR_MAILBOX_FULL', 'This peer is asked too often now. Try again in some seconds.')
}
