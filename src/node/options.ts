import { type Command, Option } from 'commander'
import type { IceServer } from '../mesh/dial/ice-server.ts'
import type { LogFormat, LogLevel } from './log.ts'
import { MAX_CIRCUITS, MAX_LIVE } from './limits.ts'
import {
  type Given,
  oneOf,
  parseBytes,
  parseCount,
  parseFolder,
  parseHost,
  parseIceServer,
  parseLive,
  parseMultiaddr,
  parseName,
  parseOrigin,
  parsePeer,
  parsePort,
  parseSwitch,
  UsageError,
} from './option-values.ts'

/** What the server takes: `glia`, `glia serve`, `npm start` and `npm run serve`. */
export interface Options {
  /** TCP port of HTTP; 0 lets the system choose one, here and below. */
  readonly http: number
  /** TCP port of libp2p over WebSocket, which browsers join by. */
  readonly ws: number
  /** TCP port of libp2p over plain TCP. */
  readonly tcp: number
  /** Address at which all three listen. */
  readonly host: string
  /** Folder of the built app; undefined: the one that comes with this program. */
  readonly dist: string | undefined
  /** Folder of the kept data: the key and the root PID. */
  readonly data: string
  /** What this peer calls itself; empty: it has no name. */
  readonly name: string
  /** Whether actors may live here. */
  readonly actors: boolean
  /** Ids of the peers that may manage them without the owner's token. */
  readonly owners: readonly string[]
  /** Time that running messages of actors have to end when the server is told to stop, in s. */
  readonly graceSeconds: number
  /** Most actors that live at once; undefined: as many as there is memory for. */
  readonly live: number | undefined
  /** Multiaddrs under which others reach this relay. */
  readonly announce: readonly string[]
  /** Multiaddrs of the relays to be joined. */
  readonly relays: readonly string[]
  /** STUN and TURN servers that tabs are told to use. */
  readonly iceServers: readonly IceServer[]
  /** Origins of other sites whose pages may use the HTTP API and join the relay; `*` is all sites. */
  readonly allowOrigins: readonly string[]
  /** Tabs that one address may have at this relay: an IPv4 address, or a /64 of IPv6. */
  readonly perAddress: number
  /** Relayed connections that may be open at once. */
  readonly circuits: number
  /** Bytes that one of them may carry; undefined means no limit. */
  readonly circuitBytes: number | undefined
  /** Which peers the relay makes reachable: those that speak Glia, or any. */
  readonly relayFor: 'glia' | 'any'
  /** Largest message that the gateway takes, in bytes. */
  readonly maxBodyBytes: number
  /** TCP port on this machine for /metrics alone; undefined means none. */
  readonly metricsPort: number | undefined
  /** Whether other machines may read /metrics. */
  readonly publicMetrics: boolean
  readonly log: LogFormat
  readonly logLevel: LogLevel
  /** Each request over HTTP is logged. */
  readonly accessLog: boolean
}

export type Env = Readonly<Record<string, string | undefined>>

const GiB = 1024 ** 3

/** A flag in commander's notation, and how its value is read. */
interface Flag<T> {
  readonly flags: string
  readonly help: string
  /** Whether it may be given more than once. */
  readonly multiple: boolean
  read(given: readonly Given[]): T
}

function one<T>(flags: string, help: string, read: (given: Given) => T, otherwise: T): Flag<T> {
  const last = (given: readonly Given[]): T => {
    const value = given.at(-1)
    return value ? read(value) : otherwise
  }
  return { flags, help, multiple: false, read: last }
}

function list<T>(flags: string, help: string, read: (given: Given) => T): Flag<readonly T[]> {
  return { flags, help: `${help} *`, multiple: true, read: (given) => given.map(read) }
}

const FLAGS: { readonly [Name in keyof Options]: Flag<Options[Name]> } = {
  http: one('--http <PORT>', 'port of the app and its HTTP API (default 2080; 0 = any free one)', parsePort, 2080),
  ws: one('--ws <PORT>', 'port of the relay for browsers, libp2p over WebSocket (default 2081)', parsePort, 2081),
  tcp: one('--tcp <PORT>', 'port of the relay for other relays, libp2p over TCP (default 2082)', parsePort, 2082),
  host: one('--host <IP>', 'address to listen on (default 127.0.0.1, this machine only)', parseHost, '127.0.0.1'),
  data: one('--data <DIR>', 'folder of the key and what else is kept (default .glia)', parseFolder, '.glia'),
  name: one('--name <NAME>', 'what this peer calls itself; others see it beside its id', parseName, ''),
  actors: one(
    '--actors',
    'let actors live here, which “glia spawn” makes (the same as “glia host”)',
    parseSwitch,
    false,
  ),
  owners: list('--owner <PEER>', 'id of a peer that may manage the actors without the token in --data', parsePeer),
  graceSeconds: one(
    '--grace <SECONDS>',
    'time that running messages of actors have to end at a stop (default 8)',
    parseCount,
    8,
  ),
  live: one<number | undefined>(
    '--live <N>',
    `actors that live at once, at most ${MAX_LIVE}; the others are hibernated (default: as memory allows, at most 64)`,
    parseLive,
    undefined,
  ),
  announce: list('--announce <ADDR>', 'multiaddr under which others reach this relay', parseMultiaddr),
  relays: list('--relay <ADDR>', 'multiaddr of another relay to join', parseMultiaddr),
  iceServers: list('--ice <URL>', 'stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT for the tabs', parseIceServer),
  allowOrigins: list('--allow-origin <ORIGIN>', 'site whose pages may join and call; “*” is all sites', parseOrigin),
  perAddress: one('--per-address <N>', 'tabs of one address (or IPv6 /64) at this relay (default 64)', parseCount, 64),
  circuits: one(
    '--circuits <N>',
    'relayed connections at once, an eighth of them of one address (default 4096)',
    parseCount,
    MAX_CIRCUITS,
  ),
  circuitBytes: one<number | undefined>(
    '--circuit-bytes <SIZE>',
    'bytes that a relayed connection may carry (default: no limit)',
    parseBytes,
    undefined,
  ),
  relayFor: one(
    '--relay-for <glia|any>',
    'whom the relay makes reachable: peers that speak Glia (default), or any',
    oneOf('glia', 'any'),
    'glia',
  ),
  maxBodyBytes: one('--max-body <SIZE>', 'largest message over HTTP, such as 64M (default 1G)', parseBytes, GiB),
  metricsPort: one<number | undefined>(
    '--metrics <PORT>',
    'port on 127.0.0.1 for /metrics alone; needed behind a proxy',
    parsePort,
    undefined,
  ),
  publicMetrics: one('--public-metrics', 'let other machines read /metrics', parseSwitch, false),
  log: one('--log <text|json>', 'how log lines are written (default text)', oneOf('text', 'json'), 'text'),
  logLevel: one('--log-level <LEVEL>', 'debug, info (default) or warn', oneOf('debug', 'info', 'warn'), 'info'),
  accessLog: one('--access-log', 'log each request over HTTP, without PIDs', parseSwitch, false),
  dist: one<string | undefined>(
    '--dist <DIR>',
    'folder of the built app (default: the one beside this program)',
    parseFolder,
    undefined,
  ),
}

/** commander gives no value for a flag that takes none. */
function collect(value: string | null | undefined, before: readonly string[] = []): string[] {
  return [...before, value ?? 'true']
}

/** Adds the flags of the server to a command. */
export function addServerFlags(command: Command): Command {
  for (const { flags, help } of Object.values(FLAGS)) command.addOption(new Option(flags, help).argParser(collect))
  return command.addHelpText(
    'after',
    `
Each flag has a variable: GLIA_HTTP for --http, GLIA_ALLOW_ORIGIN for --allow-origin. Flags marked * may be
given more than once; their variables take several values with spaces between them.`,
  )
}

/**
 * Reads settings from flags, or else from the environment.
 * @throws {UsageError} if a value cannot be used
 */
export function readServerFlags(command: Command, env: Env): Options {
  const read = ({ flags, multiple, read: of }: Flag<unknown>): unknown => {
    const option = new Option(flags)
    const values = command.getOptionValue(option.attributeName()) as readonly string[] | undefined
    const where = `--${option.name()}`
    if (values !== undefined) return of(values.map((value) => ({ where, value })))
    return of(fromEnv(`GLIA_${option.name().toUpperCase().replaceAll('-', '_')}`, env, multiple))
  }
  return Object.fromEntries(Object.entries(FLAGS).map(([name, flag]) => [name, read(flag)])) as unknown as Options
}

/**
 * Reads settings that a program gives by their names. What is left out has its default.
 * @throws {UsageError} if there is no such setting, or a value cannot be used
 */
export function readServerOptions(given: object): Options {
  const values = new Map<string, unknown>(Object.entries(given))
  const read = ([name, flag]: [string, Flag<unknown>]): [string, unknown] => {
    const value = values.get(name)
    values.delete(name)
    const texts = value === undefined ? [] : [value].flat().map(String)
    if (texts.length > 1 && !flag.multiple) throw new UsageError(`${name} takes one value, not ${texts.length}.`)
    return [name, flag.read(texts.map((text) => ({ where: name, value: text })))]
  }
  const options = Object.fromEntries(Object.entries(FLAGS).map(read)) as unknown as Options
  const [unknown] = values.keys()
  if (unknown !== undefined) throw new UsageError(`There is no setting “${unknown}”.`)
  return options
}

/** The value of a variable. An empty one counts as none. */
function fromEnv(variable: string, env: Env, multiple: boolean): Given[] {
  const value = env[variable] ?? ''
  if (value.trim() === '') return []
  return (multiple ? value.trim().split(/\s+/) : [value]).map((each) => ({ where: variable, value: each }))
}
