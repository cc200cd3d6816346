import type { Multiaddr } from '@multiformats/multiaddr'
import { GliaError } from '../../glia/errors.ts'
import { peerOf, readMultiaddr, relayOf } from '../dial/addresses.ts'

/** What a join link names. */
export interface Invitation {
  /** Multiaddrs of the peer that sent the link: over a relay each. */
  peers: readonly string[]
  /** Multiaddrs of their relays. */
  relays: readonly string[]
}

const KEY = 'join'
/** Addresses in a link that is read: what opens it dials them. */
const MAX_READ = 8
/** Addresses in one link: a link, and its QR code, should stay short. */
const MAX_ADDRESSES = 2
/** A relay on the machine that asks: of no use to others, unless nobody is anywhere else. */
const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/

/**
 * A link to this app that lets who opens it join: `https://…/#join=/dns4/…/p2p/RELAY/p2p-circuit/p2p/PEER`. In the fragment,
 * which is sent to no server; any other origin that serves the app takes it too.
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
 * @returns undefined if it is none.
 * @throws {GliaError} ERR_BAD_ADDRESS saying what is wrong with it.
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
