import { GliaError } from './errors.ts'
import { cut, instancePid, readKey } from './instance-key.ts'
import { isPeerId } from './peer-id.ts'
import { parsePid, type Pid, systemPid } from './pid.ts'

/** Version of the protocol; part of every address. */
const VERSION = '0.1.0'
/** Start of every address, and the protocol id that peers advertise. */
export const PROTOCOL = `/ww/${VERSION}`

/** Longest method name, in UTF-16 units. Addresses are libp2p protocol ids, which must stay well under 1 kB. */
const MAX_METHOD = 256

/** A method of a process of a peer. The same text is protocol id, HTTP path and file path. */
export interface Address {
  /** Peer id of the peer that runs the process. */
  host: string
  /** The process, or its instance of a key: `{pid}:{key}`. */
  proc: Pid
  /** Name of an exported function. */
  method: string
}

/**
 * The peer id and the PID for which aliases stand. People and actors type aliases; they never go on the libp2p wire.
 */
export interface Aliases {
  /** Peer id for `self`. */
  self: string
  /** PID for `root`. It is valid only together with this peer. */
  root: Pid
}

/**
 * Whether a method can have this name: it can stand in an address, in paths of HTTP and of files, and on one line for
 * people.
 */
export function isMethodName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_METHOD && !/^\.{1,2}$|[/\p{Cc}]/u.test(name)
}

export function formatAddress(address: Address): string {
  return `${formatPlace(address)}/${address.method}`
}

/** A process of a peer. */
export type Place = Pick<Address, 'host' | 'proc'>

/** The address of a process, without a method. */
export function formatPlace({ host, proc }: Place): string {
  return `${PROTOCOL}/${host}/${proc}`
}

/**
 * Reads `/ww/0.1.0/{host}/{proc}/{method}`. If aliases are given, `self`, `root` and `sys` are replaced. A key gets its
 * one form.
 * @throws {GliaError} ERR_BAD_ADDRESS that says which part is wrong.
 */
export function parseAddress(given: string, aliases?: Aliases): Address {
  // oxlint-disable-next-line typescript/no-unnecessary-type-conversion -- programs without types give anything
  const text = String(given)
  const parts = text.split('/')
  const method = parts[5]
  if (method === undefined) throw bad(text, FORM)
  const { host, proc } = readPlace(text, parts, FORM, aliases)
  if (!isMethodName(method))
    throw bad(text, `A method name has 1 to ${MAX_METHOD} characters on one line, and is not “..”`)
  return { host, proc, method }
}

/** Reads `/ww/0.1.0/{host}/{proc}`. A method behind it is ignored. @throws {GliaError} ERR_BAD_ADDRESS */
export function parsePlace(given: string, aliases?: Aliases): Place {
  // oxlint-disable-next-line typescript/no-unnecessary-type-conversion -- programs without types give anything
  const text = String(given)
  return readPlace(text, text.split('/'), 'The address of a process reads /ww/0.1.0/{peer}/{process}', aliases)
}

function readPlace(text: string, parts: readonly string[], form: string, aliases: Aliases | undefined): Place {
  const [empty, ww, version, host, proc] = parts
  if (empty !== '' || ww !== 'ww' || host === undefined || proc === undefined || parts.length > 6) throw bad(text, form)
  if (version !== VERSION) throw bad(text, `This peer speaks version ${VERSION}, not ${version}`)
  const peer = host === 'self' && aliases ? aliases.self : host
  if (!isPeerId(peer)) throw bad(text, `“${host}” is not a peer id`)
  const [name, key] = cut(proc)
  const pid = readProcess(text, name, peer, aliases)
  return { host: peer, proc: key === undefined ? pid : instancePid(pid, readKey(key)) }
}

function readProcess(text: string, name: string, peer: string, aliases: Aliases | undefined): Pid {
  if (name === 'root' && aliases) {
    if (peer !== aliases.self) throw bad(text, '“root” names a process of this peer only: use the PID for another peer')
    return aliases.root
  }
  return name === 'sys' && aliases ? systemPid(peer) : parsePid(name)
}

const FORM = 'An address reads /ww/0.1.0/{peer}/{process}/{method}'

function bad(text: string, why: string): GliaError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return new GliaError('ERR_BAD_ADDRESS', `${why}. Got “${shown}”.`)
}
