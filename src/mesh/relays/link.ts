import { isMethodName } from '../../glia/address.ts'
import { GliaError } from '../../glia/errors.ts'
import { readKey } from '../../glia/instance-key.ts'
import { isModuleCid } from '../../glia/module-cid.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { isPid } from '../../glia/pid.ts'
import { peerOf, readMultiaddr, relayOf } from '../dial/addresses.ts'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type AddressScope, scopeOfHost } from '../dial/address-scope.ts'
import { scopeOf } from './format-link.ts'

/** How a link leads to the peer that made it. */
export interface Invitation {
  /** Multiaddrs of the peer that sent the link, each over a relay. */
  peers: readonly string[]
  /** Multiaddrs of the relays of that peer. */
  relays: readonly string[]
}

/** What a link of this app is for. */
export type Link = { invitation: Invitation; /** Peer id of the peer that made it. */ peer: string } & (
  | { kind: 'join' }
  /** Calls a process of that peer, or its instance of a key. */
  | { kind: 'process'; pid: string; key: string | undefined; method: string | undefined }
  /** Makes a process here, of a module that the peer shares. */
  | { kind: 'spawn'; cid: string }
)

/** Addresses that are read of a link, since whoever opens it dials them. */
const MAX_READ = 8
/** Longest link that is read, in UTF-16 units. */
const MAX_LINK = 8192

/** Who can open a link: people at this machine, in this network, or everybody. */
export function scopeOfLink(link: string): AddressScope {
  const page = scopeOfHost(new URL(link).hostname)
  const addresses = parseLink(link)?.invitation.peers.map((peer) => scopeOf(readMultiaddr(peer))) ?? []
  const relay = SCOPES.findLast((scope) => addresses.includes(scope)) ?? 'public'
  return SCOPES.indexOf(relay) < SCOPES.indexOf(page) ? relay : page
}

const SCOPES: readonly AddressScope[] = ['loopback', 'private', 'public']

/**
 * Reads a link of this app, or its fragment.
 * @returns undefined if the text is no such link.
 * @throws {GliaError} ERR_BAD_ADDRESS that says what is wrong with the link.
 */
export function parseLink(text: string): Link | undefined {
  const fragment = text.slice(text.indexOf('#') + 1)
  const start = /^(join|spawn)=/.exec(fragment)?.[1]
  if (start === undefined) return undefined
  if (fragment.length > MAX_LINK) throw bad(`it has more than ${MAX_LINK} characters`)
  const values = readParts(fragment)
  return start === 'join' ? readJoin(values) : readSpawn(values)
}

type Values = Readonly<Record<'join' | 'pid' | 'key' | 'method' | 'spawn' | 'from', readonly string[]>>

function readParts(fragment: string): Values {
  const values = { join: [], pid: [], key: [], method: [], spawn: [], from: [] } as Record<keyof Values, string[]>
  for (const part of fragment.split('&')) {
    const at = part.indexOf('=')
    const name = part.slice(0, at)
    if (!Object.hasOwn(values, name)) throw bad('it has a part that this version of the page does not know')
    values[name as keyof Values].push(decode(part.slice(at + 1)))
  }
  return values
}

function readJoin({ join, pid: pids, key: keys, method: methods, spawn, from }: Values): Link {
  if (spawn.length > 0 || from.length > 0) throw bad('it is a link to join and one to spawn at once')
  const { peer, invitation } = readAddresses(join, [])
  if (!peer) throw bad('its address names no peer')
  const [pid] = pids
  const [method] = methods
  if (pids.length > 1 || keys.length > 1 || methods.length > 1) {
    throw bad('it names more than one process, key or method')
  }
  if (pid === undefined && keys.length === 0 && method === undefined) return { kind: 'join', peer, invitation }
  if (pid === undefined || !isPid(pid)) throw bad('it names no process: a PID is missing or not whole')
  if (method !== undefined && !isMethodName(method)) throw bad('no method can have the name in it')
  return {
    kind: 'process',
    peer,
    invitation,
    pid,
    key: keys[0] === undefined ? undefined : readLinkKey(keys[0]),
    method,
  }
}

function readLinkKey(text: string): string {
  try {
    return readKey(text)
  } catch (cause) {
    throw bad('the key in it is none', cause)
  }
}

function readSpawn({ join, pid, key, method, spawn, from }: Values): Link {
  if (join.length + pid.length + key.length + method.length > 0)
    throw bad('it is a link to join and one to spawn at once')
  const [cid = ''] = spawn
  if (spawn.length > 1) throw bad('it names more than one module')
  if (!isModuleCid(cid)) throw bad('it names no module: a CID (bafkrei…) is missing or not whole')
  const ids = from.filter(isPeerId)
  const addresses = from.filter((text) => !isPeerId(text))
  const { peer, invitation } = readAddresses(addresses, ids)
  if (!peer) throw bad('it does not say which peer has the module')
  return { kind: 'spawn', peer, invitation, cid }
}

/** @param ids Peer ids without an address. */
function readAddresses(
  texts: readonly string[],
  ids: readonly string[],
): { peer: string | undefined; invitation: Invitation } {
  if (texts.length > MAX_READ) throw bad(`it names ${texts.length} addresses, and at most ${MAX_READ} are dialled`)
  const addresses = texts.map(readInvited)
  const peers = new Set([...ids, ...addresses.map(peerOf)])
  if (peers.size > 1) throw bad('it names more than one peer')
  const relays = addresses.flatMap((address) => relayOf(address)?.toString() ?? [])
  return { peer: [...peers][0], invitation: { peers: addresses.map(String), relays: [...new Set(relays)] } }
}

function readInvited(text: string): Multiaddr {
  const address = readWhole(text)
  const relay = relayOf(address)
  if (!endsWithPeer(address)) throw bad('it is not whole: no peer id is at the end of its address')
  if (relay && !endsWithPeer(relay)) throw bad('its address does not name the relay’s peer id')
  return address
}

function readWhole(text: string): Multiaddr {
  try {
    return readMultiaddr(text)
  } catch (cause) {
    throw bad('it is not whole, or what is in it is no address', cause)
  }
}

/** A peer id in another form is none in the addresses of processes. */
function endsWithPeer(address: Multiaddr): boolean {
  const last = address.getComponents().at(-1)
  return last?.name === 'p2p' && last.value !== undefined && isPeerId(last.value)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw bad('it is not valid percent-encoding', cause)
  }
}

function bad(why: string, cause?: unknown): GliaError {
  return new GliaError('ERR_BAD_ADDRESS', `This link cannot be used: ${why}. Ask for a new one.`, { cause })
}
