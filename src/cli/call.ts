import { fstatSync, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { PROTOCOL } from '../glia/address.ts'
import { GliaError } from '../glia/errors.ts'
import { isRequestKey, KEY_FORM } from '../glia/http/request-key.ts'
import { fileTrouble } from '../node/file-trouble.ts'
import { UsageError } from '../node/option-values.ts'
import { addClientCommand, type ClientOptions, readGateway } from './client.ts'
import { passedOn } from './exit-code.ts'
import { callMethod, type OutgoingMessage } from './gateway.ts'

/** `glia call`: a message to a method, and its reply. */
export function addCall(program: Command): void {
  addClientCommand(program, 'call', 'call a method: its message comes from FILE or stdin, its reply goes to stdout')
    .argument('<address>', `${PROTOCOL}/{peer}/{process}/{method}, or the same as a URL of a gateway`)
    .argument('[file]', 'the message; - is stdin, also of a terminal. Without it a terminal sends an empty message')
    .option('--key <KEY>', 'calls with the same KEY and message run once, and get the same reply', readKey)
    .addHelpText('after', EXIT_CODES)
    .action(call)
}

const EXIT_CODES = `
The exit code is that of the program that was called. If the call fails otherwise, its code and reason go to stderr:
124 deadline, 125 other failures, 126 denied, 127 no such process or method, 134 the program trapped.
Ctrl-C cancels the call.`

interface CallOptions extends ClientOptions {
  readonly key?: string
}

async function call(address: string, file: string | undefined, { gateway: chosen, key }: CallOptions): Promise<void> {
  const { gateway, path } = destination(address, chosen)
  const code = await callMethod(gateway, path, await messageOf(file), { to: process.stdout, key })
  // At once: nobody reads the rest of the message.
  process.stdout.write('', () => process.exit(passedOn(code)))
}

/** @throws {UsageError} */
function readKey(key: string): string {
  if (isRequestKey(key)) return key
  throw new UsageError(`--key takes ${KEY_FORM}.`)
}

/** Where a method is: at the gateway of a URL, or else at the one that was chosen. @throws {GliaError} ERR_BAD_ADDRESS */
function destination(text: string, chosen: URL): { gateway: URL; path: string } {
  const start = /^https?:/i.test(text) ? text.indexOf('/ww/') : 0
  const address = start > 0 ? text.slice(start) : text.replace(/^(?=ww\/)/, '/')
  if (start < 0 || !ADDRESS.test(address)) {
    throw new GliaError('ERR_BAD_ADDRESS', `An address reads ${PROTOCOL}/{peer}/{process}/{method}. Got “${text}”.`)
  }
  if (start > 0) return { gateway: readGateway(text.slice(0, start)), path: address }
  return { gateway: chosen, path: address.split('/').map(encodeURIComponent).join('/') }
}

const ADDRESS = /^\/ww(?:\/[^/]+){4}$/

/** @throws {UsageError} if the file cannot be read */
async function messageOf(file: string | undefined): Promise<OutgoingMessage> {
  // A person who names no file has nothing to say: reading the terminal would look like a call that hangs.
  if (file === undefined && process.stdin.isTTY) return { chunks: contentOf(file, Readable.from([])) }
  try {
    if (file === undefined || file === '-') {
      // Node reads nothing from a folder.
      refuseFolder(fstatSync(0))
      return { chunks: contentOf(file, process.stdin) }
    }
    const handle = await open(file)
    const stat = await handle.stat()
    refuseFolder(stat)
    // Files of /proc have a size of 0, and still have content.
    if (!stat.isFile() || stat.size === 0) return { chunks: contentOf(file, handle.createReadStream()) }
    // What others add to the file after this moment is not sent.
    const bytes = stat.size
    return { chunks: contentOf(file, handle.createReadStream({ end: bytes - 1 }), bytes), bytes }
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/** @throws {UsageError} if the message cannot be read, or is shorter than it was when it was opened */
async function* contentOf(file: string | undefined, from: Readable, bytes = 0): AsyncGenerator<Buffer> {
  let left = bytes
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      left -= chunk.length
      yield chunk
    }
  } catch (cause) {
    throw unreadable(file, cause)
  }
  if (left > 0) throw new UsageError(`${file} has become shorter while it was sent.`)
}

function refuseFolder(stat: Stats): void {
  if (stat.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
}

function unreadable(file: string | undefined, cause: unknown): UsageError {
  return new UsageError(`${file ?? 'stdin'} cannot be sent: ${fileTrouble(cause)}.`, { cause })
}
