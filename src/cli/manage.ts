import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { counted } from '../glia/counted.ts'
import { fields } from '../glia/untrusted.ts'
import { fileTrouble } from '../node/file-trouble.ts'
import { UsageError } from '../node/option-values.ts'
import { addClientCommand } from './client.ts'
import { logs } from './logs.ts'
import { type Answer, type HostOptions, order } from './order.ts'
import { complain, printJson, printRows, timeOf } from './print.ts'

// Commands that manage the actors of a host. Each is a message to its system process, `sys`.

interface SpawnFlags extends HostOptions {
  readonly key: boolean
  readonly name: string | undefined
  readonly env: readonly string[]
  readonly policy: object | undefined
}

/** Longest name of an actor, in UTF-16 units. */
const MAX_NAME = 100

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
  addHostCommand(program, 'undo <id>', 'undo a kill or a swap, for a few seconds after it').action(undo)
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
  // An empty variable is the same as none.
  return addClientCommand(program, usage, about)
    .addOption(
      new Option('--token <TOKEN>', 'token of the host’s owner (default: that in the data folder)').env('GLIA_TOKEN'),
    )
    .addOption(
      new Option('--data <DIR>', 'data folder of a host on this machine')
        .env('GLIA_DATA')
        .default('.glia')
        .argParser((value) => value || '.glia'),
    )
}

async function spawn(file: string, args: readonly string[], options: SpawnFlags): Promise<void> {
  const head = { ...spawnHead(options, nameOf(file)), args }
  await printMade(await order(options, 'spawn', head, await bytesOf(file)), options)
}

/** The name of an actor that got none: that of its file, if there is one, as far as a name may be long. */
function nameOf(file: string): string | undefined {
  const name = basename(file)
    .replace(/\.wasm$/, '')
    .slice(0, MAX_NAME)
  // Not half of a character.
  return name.replace(/[\uD800-\uDBFF]$/, '') || undefined
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
  const { head } = await order(options, 'kill', { pid })
  tellUndo(head, head['isWhole'] === false ? 'brings it back, with a fresh memory' : 'brings it back', options)
}

async function restart(pid: string, options: HostOptions): Promise<void> {
  await order(options, 'restart', { pid })
}

async function swap(pid: string, file: string, options: HostOptions): Promise<void> {
  const { head } = await order(options, 'swap', { pid }, await bytesOf(file))
  warnIfUnkept(head, pid)
  tellUndo(head, 'undoes it', options)
}

async function undo(id: string, options: HostOptions): Promise<void> {
  await order(options, 'undo', { undo: id })
}

/** A person is told how an order is undone. A script asks for it with `--json`. */
function tellUndo(head: Answer['head'], does: string, { json }: HostOptions): void {
  if (json) return printJson(head)
  const { undo: id } = head
  if (process.stderr.isTTY && typeof id === 'string') {
    complain(`For some seconds this ${does}: glia undo ${id}`)
  }
}

async function snapshots(pid: string, options: HostOptions): Promise<void> {
  const { head } = await order(options, 'snapshots', { pid })
  const found = Array.isArray(head['snapshots']) ? head['snapshots'].map(fields) : []
  if (options.json) for (const one of found) printJson(one)
  else printRows(found.map(({ id, at, messages }) => [String(id), timeOf(at), counted(Number(messages), 'message')]))
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
