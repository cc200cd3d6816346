import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { PROTOCOL } from '../glia/address.ts'
import { GliaError } from '../glia/errors.ts'
import { fields } from '../glia/untrusted.ts'
import { TOKEN_FILE } from '../node/data/owner-token.ts'
import { fileTrouble } from '../node/file-trouble.ts'
import { UsageError } from '../node/option-values.ts'
import { addClientCommand, type ClientOptions } from './client.ts'
import { callMethod } from './gateway.ts'
import { complain, printJson, printRows } from './print.ts'

// Commands that manage the actors of a host. Each is a message to its system process, `sys`.

interface HostOptions extends ClientOptions {
  readonly token: string | undefined
  readonly data: string
}

interface SpawnFlags extends HostOptions {
  readonly key: boolean
  readonly name: string | undefined
  readonly env: readonly string[]
  readonly policy: object | undefined
}

/** How often `glia logs -f` asks for new lines, in ms. */
const FOLLOW_MS = 500

export function addManage(program: Command): void {
  const spawnCommand = (usage: string, about: string): Command =>
    addHostCommand(program, usage, about)
      .option('--name <NAME>', 'name for people (default: that of the file)')
      .option('--key', 'give it an instance for each key of its callers', false)
      .option('--env <NAME=VALUE>', 'variable of its environment; may be given more than once', collect, [])
      .option('--policy <JSON>', 'policy, such as \'{"callers":"anyone"}\'', readPolicy)
  spawnCommand('spawn <file> [args...]', 'make an actor of a .wasm on a host; its PID goes to stdout').action(spawn)
  spawnCommand('restore <file>', 'make an actor of a snapshot, which goes on where the other was').action(restore)
  addHostCommand(program, 'ps', 'list the actors of a host: PID, state, name, memory and methods').action(ps)
  addHostCommand(program, 'keys <pid>', 'list the keys of an actor that has an instance for each')
    .option('--limit <N>', 'most keys', Number, 100)
    .option('--after <KEY>', 'only keys behind this one')
    .action(listKeys)
  addHostCommand(program, 'kill <pid>', 'end an actor of a host, or an instance of it (PID:KEY), and forget it').action(
    kill,
  )
  addHostCommand(program, 'restart <pid>', 'start an actor of a host afresh').action(restart)
  addHostCommand(program, 'swap <pid> <file>', 'put a new .wasm under the PID of an actor of a host').action(swap)
  addHostCommand(program, 'snapshot <pid> <file>', 'write an actor of a host, with what it knows, to a file').action(
    taking('snapshot'),
  )
  addHostCommand(
    program,
    'snapshots <pid>',
    'list what is kept of the memory of an actor: number, time, messages',
  ).action(snapshots)
  addHostCommand(program, 'rewind <pid> <number>', 'make an actor go on from one of its snapshots').action(rewind)
  addHostCommand(program, 'export <pid> <file>', 'write the files that an actor has under /data to a .tar').action(
    taking('export'),
  )
  addHostCommand(program, 'import <pid> <file>', 'put the files of a .tar under the /data of an actor').action(
    importFiles,
  )
  addHostCommand(program, 'logs <pid>', 'print the log of an actor of a host')
    .option('-f, --follow', 'wait for more', false)
    .action(logs)
}

function addHostCommand(program: Command, usage: string, about: string): Command {
  return addClientCommand(program, usage, about)
    .addOption(
      new Option('--token <TOKEN>', 'token of the host’s owner (default: that in the data folder)').env('GLIA_TOKEN'),
    )
    .addOption(new Option('--data <DIR>', 'data folder of a host on this machine').env('GLIA_DATA').default('.glia'))
}

async function spawn(file: string, args: readonly string[], options: SpawnFlags): Promise<void> {
  const head = { ...spawnHead(options, basename(file).replace(/\.wasm$/, '')), args }
  await printMade(await order(options, 'spawn', head, await bytesOf(file)), options)
}

async function restore(file: string, options: SpawnFlags): Promise<void> {
  await printMade(await order(options, 'restore', spawnHead(options), await bytesOf(file)), options)
}

function spawnHead({ name, env, policy, key }: SpawnFlags, otherwise?: string): Record<string, unknown> {
  const variables = Object.fromEntries(env.map(readVariable))
  return {
    name: name ?? otherwise,
    ...(env.length > 0 && { env: variables }),
    ...(policy && { policy }),
    ...(key && { key }),
  }
}

async function printMade({ head }: Answer, { json }: HostOptions): Promise<void> {
  if (json) printJson(head)
  else printRows([[String(head['pid'])]])
  warnIfUnkept(head, String(head['pid']))
}

/** No failure: it runs, and the host goes on trying. Whoever took it for one would spawn another. */
function warnIfUnkept({ persisted }: Answer['head'], pid: string): void {
  if (persisted !== false) return
  complain(
    `The actor runs, but the host could not store that, and tries again. Until it can, a restart of the host undoes it: “glia ps” shows “not kept”, and “glia logs ${pid}” why.`,
  )
}

async function ps(options: HostOptions): Promise<void> {
  const { head } = await order(options, 'list', {})
  const found = Array.isArray(head['processes']) ? head['processes'].map(fields) : []
  if (options.json) return printJson(found)
  printRows(
    found.map(({ pid, state, name, memoryBytes, methods, keys, persisted }) => [
      String(pid),
      String(state),
      [
        String(name),
        ...(typeof keys === 'number' ? [`(${keys} ${keys === 1 ? 'key' : 'keys'})`] : []),
        ...(persisted === false ? ['(not kept)'] : []),
      ].join(' '),
      typeof memoryBytes === 'number' ? `${Math.ceil(memoryBytes / 1024)} KiB` : '-',
      Array.isArray(methods) ? methods.join(',') : '',
    ]),
  )
}

async function listKeys(
  pid: string,
  { limit, after, ...options }: HostOptions & { limit: number; after: string | undefined },
): Promise<void> {
  const { head } = await order(options, 'keys', { pid, limit, after })
  if (options.json) return printJson(head)
  const found = Array.isArray(head['keys']) ? head['keys'].map(fields) : []
  printRows(found.map(({ key, state }) => [String(key), String(state)]))
}

async function kill(pid: string, options: HostOptions): Promise<void> {
  await order(options, 'kill', { pid })
}

async function restart(pid: string, options: HostOptions): Promise<void> {
  await order(options, 'restart', { pid })
}

async function swap(pid: string, file: string, options: HostOptions): Promise<void> {
  const { head } = await order(options, 'swap', { pid }, await bytesOf(file))
  warnIfUnkept(head, pid)
}

async function snapshots(pid: string, options: HostOptions): Promise<void> {
  const { head } = await order(options, 'snapshots', { pid })
  const found = Array.isArray(head['snapshots']) ? head['snapshots'].map(fields) : []
  if (options.json) for (const one of found) printJson(one)
  else printRows(found.map(({ id, at, messages }) => [String(id), timeOf(at), `${String(messages)} messages`]))
}

async function rewind(pid: string, number: string, options: HostOptions): Promise<void> {
  await order(options, 'rewind', { pid, id: Number(number) })
}

/** Writes what an actor gives to a file; - is stdout. */
function taking(method: 'snapshot' | 'export') {
  return async (pid: string, file: string, options: HostOptions): Promise<void> => {
    const { body } = await order(options, method, { pid })
    try {
      if (file === '-') process.stdout.write(body)
      else await writeFile(file, body)
    } catch (cause) {
      throw new UsageError(`${file} cannot be written: ${fileTrouble(cause)}.`, { cause })
    }
  }
}

async function importFiles(pid: string, file: string, options: HostOptions): Promise<void> {
  await order(options, 'import', { pid }, await bytesOf(file))
}

async function logs(pid: string, { follow, ...options }: HostOptions & { follow: boolean }): Promise<void> {
  let after: number | undefined
  /** Lines of that time that were printed. Others may come in the same millisecond. */
  let printed = 0
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const { head } = await order(options, 'logs', { pid, from: after })
    const found = Array.isArray(head['lines']) ? head['lines'].map(fields) : []
    const lines = found.slice(printed)
    if (options.json) for (const line of lines) printJson(line)
    else printRows(lines.map(({ at, source, text }) => [timeOf(at), String(source), String(text)]))
    const last = found.at(-1)?.['at']
    if (typeof last === 'number') {
      after = last
      printed = found.filter(({ at }) => at === last).length
    }
    if (!follow) return
    // oxlint-disable-next-line no-await-in-loop
    await pause(FOLLOW_MS)
  }
}

interface Answer {
  readonly head: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** Sends a message to the system process of the host. @throws {GliaError} how it failed; {@link UsageError} */
async function order(
  { gateway, token, data }: HostOptions,
  method: string,
  head: Readonly<Record<string, unknown>>,
  body: Uint8Array = new Uint8Array(),
): Promise<Answer> {
  const line = Buffer.from(`${JSON.stringify({ ...head, token: token ?? (await tokenIn(data)) })}\n`)
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
    throw noHost(thrown, head['pid'])
  })
  const whole = Buffer.concat(reply)
  const end = whole.indexOf('\n')
  return { head: fields(JSON.parse(whole.toString('utf8', 0, end))), body: whole.subarray(end + 1) }
}

/** A gateway without a system process is a server on which no actors live. */
function noHost(thrown: unknown, pid: unknown): unknown {
  if (!(thrown instanceof GliaError) || thrown.code !== 'ERR_NO_PROC') return thrown
  if (typeof pid === 'string' && thrown.message.includes(pid)) return thrown
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

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file === '-' ? '/dev/stdin' : file)
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${fileTrouble(cause)}.`, { cause })
  }
}

function readVariable(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new UsageError(`--env takes NAME=VALUE, not “${text}”.`)
}

function readPolicy(text: string): object {
  try {
    const policy: unknown = JSON.parse(text)
    if (typeof policy === 'object' && policy !== null && !Array.isArray(policy)) return policy
  } catch {
    // Said below.
  }
  throw new UsageError(`--policy takes an object in JSON, such as '{"callers":"anyone"}', not “${text}”.`)
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function timeOf(at: unknown): string {
  return typeof at === 'number' && Number.isFinite(at) ? new Date(at).toISOString() : ''
}
