import type { Multiaddr } from '@multiformats/multiaddr'
import { GliaError } from '../../glia/errors.ts'
import { peerOf, readMultiaddr, relayOf } from '../dial/addresses.ts'

/** The contents of a join link. */
export interface Invitation {
  /** Multiaddrs of the peer that sent the link, each over a relay. */
  peers: readonly string[]
  /** Multiaddrs of the relays of that peer. */
  relays: readonly string[]
}

const KEY = 'join'
/** Addresses that are read of a link, since whoever opens it dials them. */
const MAX_READ = 8
/** Addresses that are written into a link: it should stay short, and its QR code small. */
const MAX_ADDRESSES = 2
/** A relay on the machine that makes the link. It is of no use to others, unless all peers are there. */
const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/

/**
 * A link to this app with which others join: `https://…/#join=/dns4/…/p2p/RELAY/p2p-circuit/p2p/PEER`. The addresses
 * are in the fragment, which is sent to no server. Any other origin that serves the app accepts it too.
 * @returns undefined if there is no address that a browser can dial.
 */
export function formatJoinLink(page: string, addresses: readonly string[]): string | undefined {
  const dialable = addresses.filter((address) => /\/(ws|wss)\/.*\/p2p-circuit\/p2p\//.test(address))
  const elsewhere = dialable.filter((address) => !LOOPBACK.test(address))
  const chosen = (elsewhere.length > 0 ? elsewhere : dialable).slice(0, MAX_ADDRESSES)
  if (chosen.length === 0) return undefined
  const url = new URL(page)
  url.search = ''
  url.hash = chosen.map((address) => `${KEY}=${address}`).join('&')
  return url.href
}

/**
 * Reads a join link, or its fragment.
 * @returns undefined if the text is no join link.
 * @throws {GliaError} ERR_BAD_ADDRESS that says what is wrong with the link.
 */
export function parseJoinLink(text: string): Invitation | undefined {
  const fragment = text.slice(text.indexOf('#') + 1)
  if (!fragment.startsWith(`${KEY}=`)) return undefined
  const parts = fragment.split('&')
  if (parts.length > MAX_READ) throw bad(`it names ${parts.length} addresses, and at most ${MAX_READ} are dialled`)
  const addresses = parts.map((part) => {
    if (!part.startsWith(`${KEY}=`)) throw bad('it has a part that is not an address')
    return readInvited(decode(part.slice(KEY.length + 1)))
  })
  if (new Set(addresses.map(peerOf)).size > 1) throw bad('it names more than one peer')
  const relays = addresses.flatMap((address) => relayOf(address)?.toString() ?? [])
  return { peers: addresses.map(String), relays: [...new Set(relays)] }
}

function readInvited(text: string): Multiaddr {
  const address = readMultiaddr(text)
  const relay = relayOf(address)
  if (!peerOf(address)) throw bad('its address names no peer')
  if (relay && !peerOf(relay)) throw bad('its address does not name the relay’s peer id')
  return address
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw bad('it is not valid percent-encoding', cause)
  }
}

function bad(why: string, cause?: unknown): GliaError {
  return new GliaError('ERR_BAD_ADDRESS', `This join link cannot be used: ${why}. Ask for a new one.`, { cause })
}
