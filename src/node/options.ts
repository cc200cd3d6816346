import { parseArgs } from 'node:util'
import type { IceServer } from '../mesh/dial/ice-server.ts'
import { MAX_CIRCUITS } from './limits.ts'
import {
  type Given,
  parseBytes,
  parseCount,
  parseHost,
  parseIceServer,
  parseMultiaddr,
  parseOrigin,
  parsePort,
  parseRelayFor,
  parseSwitch,
  UsageError,
} from './option-values.ts'

/** What `npm start` and `npm run serve` take. */
export interface Options {
  /** TCP port of HTTP; 0 lets the system choose one, here and below. */
  readonly http: number
  /** TCP port of libp2p over WebSocket, which browsers join by. */
  readonly ws: number
  /** TCP port of libp2p over plain TCP. */
  readonly tcp: number
  /** Address that all three listen on. */
  readonly host: string
  /** Folder of the built app; undefined: the one that comes with this program. */
  readonly dist: string | undefined
  /** Folder of what is kept: the key and the root PID. */
  readonly data: string
  /** Multiaddrs under which others reach this relay. */
  readonly announce: readonly string[]
  /** Multiaddrs of the relays to be joined. */
  readonly relays: readonly string[]
  /** STUN and TURN servers that tabs are told of. */
  readonly iceServers: readonly IceServer[]
  /** Origins of other sites whose pages may use the HTTP API and join the relay; `*` is all sites. */
  readonly allowOrigins: readonly string[]
  /** Tabs that one address may have at this relay: an IPv4 address, or a /64 of IPv6. */
  readonly perAddress: number
  /** Relayed connections that may be open at once. */
  readonly circuits: number
  /** Bytes that one of them may carry; undefined: as many as it likes. */
  readonly circuitBytes: number | undefined
  /** Whom the relay makes reachable: peers that speak Glia, or any. */
  readonly relayFor: 'glia' | 'any'
  /** Largest message that the gateway takes, in bytes. */
  readonly maxBodyBytes: number
  /** TCP port on this machine for /metrics alone; undefined: none. */
  readonly metricsPort: number | undefined
  /** Other machines may read /metrics. */
  readonly publicMetrics: boolean
}

export type Env = Readonly<Record<string, string | undefined>>

const GiB = 1024 ** 3

const HELP_HEAD = `Usage: npm start -- [flags]        build, then serve
       npm run serve -- [flags]    serve what is built

`

/** Every flag: what it stands for in the help, its variable, and whether it may be given more than once. */
const FLAGS = {
  http: { value: 'PORT', help: 'port of the app and its HTTP API (default 2080; 0 = any free one)' },
  ws: { value: 'PORT', help: 'port of the relay for browsers, libp2p over WebSocket (default 2081)' },
  tcp: { value: 'PORT', help: 'port of the relay for other relays, libp2p over TCP (default 2082)' },
  host: { value: 'IP', help: 'address to listen on (default 127.0.0.1, this machine only)' },
  data: { value: 'DIR', help: 'folder of the key and what else is kept (default .glia)' },
  announce: { value: 'ADDR', help: 'multiaddr under which others reach this relay', multiple: true },
  relay: { value: 'ADDR', help: 'multiaddr of another relay to join', multiple: true },
  ice: { value: 'URL', help: 'stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT for the tabs', multiple: true },
  'allow-origin': { value: 'ORIGIN', help: 'site whose pages may join and call; * = all', multiple: true },
  'per-address': { value: 'N', help: 'tabs of one address (or IPv6 /64) at this relay (default 64)' },
  circuits: { value: 'N', help: 'relayed connections at once, an eighth of them of one address (default 4096)' },
  'circuit-bytes': { value: 'SIZE', help: 'bytes that a relayed connection may carry (default: no limit)' },
  'relay-for': { value: 'glia|any', help: 'whom the relay makes reachable: peers that speak Glia (default), or any' },
  'max-body': { value: 'SIZE', help: 'largest message over HTTP, such as 64M (default 1G)' },
  metrics: { value: 'PORT', help: 'port on 127.0.0.1 for /metrics alone; needed behind a proxy' },
  'public-metrics': { help: 'let other machines read /metrics' },
  dist: { value: 'DIR', help: 'folder of the built app (default: the one that comes with the program)' },
} as const satisfies Record<string, { value?: string; help: string; multiple?: boolean }>

type Flag = keyof typeof FLAGS

export const HELP = `${HELP_HEAD}${Object.entries(FLAGS)
  .map(([flag, about]) => helpLine(flag, about))
  .join('')}
Each has a variable: GLIA_HTTP for --http, GLIA_ALLOW_ORIGIN for --allow-origin. Flags marked * may be
given more than once; their variables take several values with spaces between them.
`

/**
 * Reads flags and environment; a flag wins over its variable.
 *
 * @returns 'help' if that was asked for
 * @throws {UsageError} if a flag is unknown or its value is of no use
 */
export function parseOptions(args: readonly string[], env: Env): Options | 'help' {
  const flags = readFlags(args)
  if (flags['help'] === true) return 'help'
  const all = (flag: Flag): Given[] => given(flag, flags[flag], env)
  const one = <T>(flag: Flag, read: (value: Given) => T, otherwise: T): T => {
    const [value] = all(flag)
    return value ? read(value) : otherwise
  }
  return {
    http: one('http', parsePort, 2080),
    ws: one('ws', parsePort, 2081),
    tcp: one('tcp', parsePort, 2082),
    host: one('host', parseHost, '127.0.0.1'),
    dist: one<string | undefined>('dist', ({ value }) => value, undefined),
    data: one('data', ({ value }) => value, '.glia'),
    announce: all('announce').map(parseMultiaddr),
    relays: all('relay').map(parseMultiaddr),
    iceServers: all('ice').map(parseIceServer),
    allowOrigins: all('allow-origin').map(parseOrigin),
    perAddress: one('per-address', parseCount, 64),
    circuits: one('circuits', parseCount, MAX_CIRCUITS),
    circuitBytes: one<number | undefined>('circuit-bytes', parseBytes, undefined),
    relayFor: one('relay-for', parseRelayFor, 'glia'),
    maxBodyBytes: one('max-body', parseBytes, GiB),
    metricsPort: one<number | undefined>('metrics', parsePort, undefined),
    publicMetrics: one('public-metrics', parseSwitch, false),
  }
}

type FlagValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

function readFlags(args: readonly string[]): FlagValues {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  }
  for (const [name, flag] of Object.entries(FLAGS)) {
    options[name] = { type: 'value' in flag ? 'string' : 'boolean', multiple: 'multiple' in flag }
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (err) {
    // parseArgs says what is wrong in its first sentence; what follows is advice about positional arguments.
    const [sentence = ''] = (err as Error).message.split(/\.\s/)
    throw new UsageError(`${sentence.replace(/\.$/, '')}. Try --help.`, { cause: err })
  }
}

/** What a person gave for a flag, as such or in the environment. */
function given(flag: Flag, value: FlagValues[string], env: Env): Given[] {
  const where = `--${flag}`
  if (value !== undefined) return [value].flat().map((each) => ({ where, value: String(each) }))
  const variable = `GLIA_${flag.toUpperCase().replaceAll('-', '_')}`
  const fromEnv = env[variable]
  // An empty variable is the same as none.
  if (fromEnv === undefined || fromEnv.trim() === '') return []
  const values = 'multiple' in FLAGS[flag] ? fromEnv.trim().split(/\s+/) : [fromEnv]
  return values.map((each) => ({ where: variable, value: each }))
}

function helpLine(flag: string, about: { value?: string; help: string; multiple?: boolean }): string {
  const usage = [`--${flag}`, about.value].filter((part) => part !== undefined).join(' ')
  return `  ${(usage + (about.multiple === true ? ' *' : '')).padEnd(24)} ${about.help}\n`
}
