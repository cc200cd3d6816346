import { isIP } from 'node:net'
import { parseArgs } from 'node:util'

/** What `npm start` and `npm run serve` take. */
export interface Options {
  /** TCP port of HTTP; 0 lets the system choose one. */
  readonly http: number
  /** Address to listen on. */
  readonly host: string
  /** Folder of the built app. */
  readonly dist: string
}

type Env = Readonly<Record<string, string | undefined>>

/** What a person typed is wrong. The message is one sentence that names it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const HELP = `Usage: npm start -- [flags]        build, then serve
       npm run serve -- [flags]    serve what is built

  --http PORT   port of the app and its HTTP API (default 2080; 0 = any free one), or GLIA_HTTP
  --host IP     address to listen on (default 127.0.0.1, this machine only), or GLIA_HOST
  --dist DIR    folder of the built app (default dist)
  --help        this text
`

/**
 * Reads flags and environment; a flag wins over its variable.
 *
 * @returns 'help' if that was asked for
 * @throws {UsageError} if a flag is unknown or its value is of no use
 */
export function parseOptions(args: readonly string[], env: Env): Options | 'help' {
  const flags = readFlags(args)
  if (flags.help === true) return 'help'
  const http = given('--http', flags.http, 'GLIA_HTTP', env)
  const host = given('--host', flags.host, 'GLIA_HOST', env)
  return {
    http: http === undefined ? 2080 : parsePort(http),
    host: host === undefined ? '127.0.0.1' : parseHost(host),
    dist: flags.dist ?? 'dist',
  }
}

function readFlags(args: readonly string[]): { http?: string; host?: string; dist?: string; help?: boolean } {
  try {
    const options = {
      http: { type: 'string' },
      host: { type: 'string' },
      dist: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (err) {
    // parseArgs says what is wrong in its first sentence; what follows is advice about positional arguments.
    const [sentence = ''] = (err as Error).message.split(/\.\s/)
    throw new UsageError(`${sentence.replace(/\.$/, '')}. Try --help.`, { cause: err })
  }
}

/** What a person gave for a setting, and where, so that a complaint names the right place. */
interface Given {
  readonly where: string
  readonly value: string
}

function given(flag: string, value: string | undefined, variable: string, env: Env): Given | undefined {
  if (value !== undefined) return { where: flag, value }
  const fromEnv = env[variable]
  // An empty variable is the same as none.
  return fromEnv === undefined || fromEnv === '' ? undefined : { where: variable, value: fromEnv }
}

function parsePort({ where, value }: Given): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
  if (port >= 0 && port <= 65535) return port
  throw new UsageError(`${where} takes a port from 0 to 65535, not "${value}".`)
}

function parseHost({ where, value }: Given): string {
  if (value === 'localhost') return '127.0.0.1'
  if (isIP(value) !== 0) return value
  throw new UsageError(`${where} takes an IP address, such as 127.0.0.1 or 0.0.0.0, not "${value}".`)
}
