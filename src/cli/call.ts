import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { PROTOCOL } from '../glia/address.ts'
import { GliaError } from '../glia/errors.ts'
import { UsageError } from '../node/option-values.ts'
import { addClientCommand, type ClientOptions, readGateway } from './client.ts'
import { passedOn } from './exit-code.ts'
import { callMethod } from './gateway.ts'

/** `glia call`: a message to a method, and its reply. */
export function addCall(program: Command): void {
  addClientCommand(program, 'call', 'call a method: its message comes from FILE or stdin, its reply goes to stdout')
    .argument('<address>', `${PROTOCOL}/{peer}/{process}/{method}, or the same as a URL of a gateway`)
    .argument('[file]', 'the message; - is stdin, also of a terminal. Without it a terminal sends an empty message')
    .addHelpText('after', EXIT_CODES)
    .action(call)
}

const EXIT_CODES = `
The exit code is that of the program that was called. If the call fails otherwise, its code and reason go to stderr:
124 deadline, 125 other failures, 126 denied, 127 no such process or method, 134 the program trapped.
Ctrl-C cancels the call.`

async function call(address: string, file: string | undefined, options: ClientOptions): Promise<void> {
  const { gateway, path } = destination(address, options.gateway)
  // Whoever reads the reply may stop: “glia call … | head”. What a shell says of such a program is 128 and SIGPIPE.
  process.stdout.on('error', (err: NodeJS.ErrnoException) => process.exit(err.code === 'EPIPE' ? 141 : 125))
  const code = await callMethod(gateway, path, await messageOf(file), process.stdout)
  // At once: nobody reads the rest of the message.
  process.stdout.write('', () => process.exit(passedOn(code)))
}

/** Where a method is: at the gateway of a URL, or else at the one that was chosen. @throws {GliaError} ERR_BAD_ADDRESS */
function destination(text: string, chosen: URL): { gateway: URL; path: string } {
  const start = /^https?:/.test(text) ? text.indexOf('/ww/') : 0
  const address = start > 0 ? text.slice(start) : text.replace(/^(?=ww\/)/, '/')
  if (start < 0 || !ADDRESS.test(address)) {
    throw new GliaError('ERR_BAD_ADDRESS', `An address reads ${PROTOCOL}/{peer}/{process}/{method}. Got “${text}”.`)
  }
  if (start > 0) return { gateway: readGateway(text.slice(0, start)), path: address }
  return { gateway: chosen, path: address.split('/').map(encodeURIComponent).join('/') }
}

const ADDRESS = /^\/ww(?:\/[^/]+){4}$/

/** @throws {UsageError} if the file cannot be read */
async function messageOf(file: string | undefined): Promise<Readable> {
  // A person who names no file has nothing to say: reading the terminal would look like a call that hangs.
  if (file === undefined && process.stdin.isTTY) return Readable.from([])
  if (file === undefined || file === '-') return process.stdin
  try {
    const handle = await open(file)
    if ((await handle.stat()).isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
    return handle.createReadStream()
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(file: string, cause: unknown): UsageError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const why = { ENOENT: 'there is no such file', EACCES: 'this user may not read it', EISDIR: 'it is a folder' }[code]
  return new UsageError(`${file} cannot be sent: ${why ?? message}.`, { cause })
}
