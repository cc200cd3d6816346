import { GliaError } from '../../glia/errors.ts'
import { MAX_DESCRIPTION } from '../../glia/description.ts'
import type { GivenFiles } from '../files/given-files.ts'
import { type GivenPolicy, makePolicy, type Policy } from '../../glia/process/policy.ts'
import { makeRestart, type Restart, type RestartType } from '../../glia/process/restart.ts'
import type { Birth } from './family.ts'

/** How a process is made. Everything has a default. */
export interface SpawnOptions {
  /** Name for people, and argv[0] of the guest. Default: the file's name, or 'actor'. */
  name?: string | undefined
  /** What the process does, in a sentence or two, for people who open a link to it. */
  description?: string | undefined
  /** Arguments after the name. */
  args?: readonly string[] | undefined
  /** Environment, beside WW_PID, WW_PEER and, of an instance of a key, WW_KEY. */
  env?: Readonly<Record<string, string>> | undefined
  /** When a process whose instance ended comes back, and how often. Default 'permanent', five times a minute. */
  restart?: RestartType | Partial<Restart> | undefined
  policy?: GivenPolicy | undefined
  /** Whether stdin, stdout and stderr look like a terminal to the program (isatty). Default: like pipes. */
  tty?: boolean | undefined
  /** Its files under `/data` from the first message on. */
  files?: GivenFiles | undefined
  /**
   * Whether it has an instance for each key, with its own memory and its own `/data`. Then its memory is durable if the
   * policy says nothing else.
   */
  key?: boolean | undefined
}

/** How the making of a process, or of a new version of it, goes on. */
export interface SpawnSteps {
  signal?: AbortSignal | undefined
  onStage?: ((stage: 'compiling' | 'starting') => void) | undefined
  /** Left out: no process makes it. */
  birth?: Birth | undefined
}

/** The same with nothing left out, except the files. */
export interface FullSpawnOptions {
  name: string
  /** Left out if there is none. */
  description?: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  restart: Restart
  policy: Policy
  /** Left out if they are false. */
  tty?: true
  key?: true
}

const KEYS = new Set(['name', 'description', 'args', 'env', 'restart', 'policy', 'tty', 'files', 'key'])
const MAX_NAME = 100
/** Names that Glia sets itself. */
const RESERVED_ENV = /^WW_/

/**
 * Fills in the defaults.
 * @param given Options from a script. They are checked.
 * @throws {GliaError} ERR_BAD_REQUEST that names the unknown or wrong option.
 */
export function completeSpawnOptions(given: SpawnOptions, defaultName: string): FullSpawnOptions {
  if (!isRecord(given)) throw new GliaError('ERR_BAD_REQUEST', 'spawn: give the options as an object.')
  for (const key of Object.keys(given)) if (!KEYS.has(key)) throw wrong(key, 'there is no such option')
  const {
    name = defaultName,
    description = '',
    args = [],
    env = {},
    restart = {},
    policy = {},
    tty = false,
    key = false,
  } = given
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME || name.includes('\0')) {
    throw wrong('name', `give a text of 1 to ${MAX_NAME} characters`)
  }
  if (typeof description !== 'string' || description.length > MAX_DESCRIPTION) {
    throw wrong('description', `give a text of at most ${MAX_DESCRIPTION} characters`)
  }
  if (!Array.isArray(args) || !args.every(isCString)) throw wrong('args', 'give a list of texts')
  if (typeof tty !== 'boolean') throw wrong('tty', 'give true or false')
  if (typeof key !== 'boolean') throw wrong('key', 'give true or false')
  if (!isRecord(policy)) throw wrong('policy', 'give an object')
  const options = { name, args: [...args], env: readEnv(env), restart: makeRestart(restart) }
  return {
    ...options,
    policy: makePolicy({ ...(key && { memory: 'durable' }), ...policy }),
    ...(description !== '' && { description }),
    ...(tty && { tty }),
    ...(key && { key }),
  }
}

function readEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  if (!isRecord(env)) throw wrong('env', 'give an object of texts')
  for (const [key, value] of Object.entries(env)) {
    if (!isCString(key) || !isCString(value) || key === '' || key.includes('='))
      throw wrong('env', 'give texts under names without “=”')
    if (RESERVED_ENV.test(key)) throw wrong('env', `${key} begins with WW_, which is kept for Glia`)
  }
  return { ...env }
}

/** Whether the value is an object and no list. */
export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** WASI passes texts with a zero at their end. */
function isCString(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0')
}

function wrong(option: string, why: string): GliaError {
  return new GliaError('ERR_BAD_REQUEST', `spawn, ${option}: ${why}.`)
}
