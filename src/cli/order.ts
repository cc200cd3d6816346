import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { PROTOCOL } from '../glia/address.ts'
import { GliaError } from '../glia/errors.ts'
import { fields } from '../glia/untrusted.ts'
import { TOKEN_FILE } from '../node/data/owner-token.ts'
import { fileTrouble } from '../node/file-trouble.ts'
import { UsageError } from '../node/option-values.ts'
import type { ClientOptions } from './client.ts'
import { callMethod } from './gateway.ts'

export interface HostOptions extends ClientOptions {
  /** Empty: none is given. */
  readonly token: string | undefined
  readonly data: string
}

export interface Answer {
  readonly head: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** Sends a message to the system process of the host. @throws {GliaError} how it failed; {@link UsageError} */
export async function order(
  { gateway, token, data }: HostOptions,
  method: string,
  head: Readonly<Record<string, unknown>>,
  body: Uint8Array = new Uint8Array(),
): Promise<Answer> {
  const line = Buffer.from(`${JSON.stringify({ ...head, token: token || (await tokenIn(data)) })}\n`)
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield line
    if (body.length > 0) yield body
  }
  const reply: Buffer[] = []
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      reply.push(chunk)
      done()
    },
  })
  await callMethod(
    gateway,
    `${PROTOCOL}/self/sys/${method}`,
    { chunks: chunks(), bytes: line.length + body.length },
    { to },
  ).catch((thrown: unknown) => {
    throw noHost(thrown)
  })
  const whole = Buffer.concat(reply)
  const end = whole.indexOf('\n')
  return { head: fields(JSON.parse(whole.toString('utf8', 0, end))), body: whole.subarray(end + 1) }
}

/** What a router says of a PID that it does not have. The system process says less of the PIDs that it is asked for. */
const NOBODY = /^This peer has no process \S+\. It may have been killed\.$/

/** A gateway without a system process is a server on which no actors live. */
function noHost(thrown: unknown): unknown {
  if (!(thrown instanceof GliaError) || thrown.code !== 'ERR_NO_PROC' || !NOBODY.test(thrown.message)) return thrown
  return new GliaError('ERR_NO_PROC', 'No actors live on this server: start it as “glia host”.', { cause: thrown })
}

async function tokenIn(folder: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, TOKEN_FILE), 'utf8')).trim()
  } catch (err) {
    // The host may know this peer, or it says what it wants.
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError(`${join(folder, TOKEN_FILE)} cannot be read: ${fileTrouble(err)}.`, { cause: err })
  }
}
