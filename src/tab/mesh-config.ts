import type { MeshSettings } from '../actors/table/schema.ts'
import { GliaError } from '../glia/errors.ts'
import { isPeerId } from '../glia/peer-id.ts'
import { fields } from '../glia/untrusted.ts'
import type { Invitation } from '../mesh/relays/link.ts'
import type { IceServersInUse } from '../ui/model.ts'
import { HIDDEN, hidePassword, parseIceServer } from '../mesh/dial/ice-server.ts'

/** What an origin says about its mesh, in `/.well-known/glia.json`. */
export interface OriginConfig {
  /** Multiaddrs that a browser can dial. */
  relays: readonly string[]
  iceServers: readonly RTCIceServer[]
  /** Whether the origin is itself a peer, and answers the HTTP API for programs. */
  gateway: boolean
}

/** Own relays in use at once: the second and the third are for when the first is gone. A join link may add as many. */
const MAX_RELAYS = 3
const MAX_LINK_RELAYS = 3
const FETCH_MS = 5_000
/** Relays that the build names: `VITE_GLIA_RELAYS`, multiaddrs separated by commas. */
const BUILD_RELAYS: string = import.meta.env['VITE_GLIA_RELAYS'] ?? ''
/**
 * Public STUN servers, for pages on public origins that configure none. They tell a peer its address outside of its
 * NAT.
 */
const PUBLIC_STUN = [{ urls: ['stun:stun.cloudflare.com:3478', 'stun:stun.l.google.com:19302'] }]

const NOTHING: OriginConfig = { relays: [], iceServers: [], gateway: false }

/**
 * Reads `.well-known/glia.json` of the folder that a Glia server's app is in, or of its origin.
 * @param home URL of the app; undefined: there is none.
 * @returns undefined if the origin cannot be reached now; nothing is in it where there is no such file.
 */
export async function fetchOriginConfig(home: string | undefined): Promise<OriginConfig | undefined> {
  if (home === undefined) return NOTHING
  const places = new Set([home, new URL(home).origin].map((base) => new URL('.well-known/glia.json', base).href))
  try {
    for (const place of places) {
      // oxlint-disable-next-line no-await-in-loop -- the second is asked only where the first has none
      const response = await fetch(place, { cache: 'no-cache', signal: AbortSignal.timeout(FETCH_MS) })
      // oxlint-disable-next-line no-await-in-loop
      if (response.ok) return readOriginConfig(await response.json())
    }
    return NOTHING
  } catch (thrown) {
    // A static host may answer with a page for a file that it does not have.
    return thrown instanceof SyntaxError ? NOTHING : undefined
  }
}

/** Checks everything: the file may contain anything. */
export function readOriginConfig(value: unknown): OriginConfig {
  const { relays, iceServers, peer } = fields(value)
  return {
    relays: texts(relays),
    iceServers: Array.isArray(iceServers) ? iceServers.flatMap(readIceServer) : [],
    gateway: typeof peer === 'string' && isPeerId(peer),
  }
}

/** This tab's own relays: the user's, the origin's, the build's, in this order, without repetitions. */
export function ownRelays(user: readonly string[], origin: readonly string[]): string[] {
  return eachOnce([...user, ...origin, ...BUILD_RELAYS.split(',').filter(Boolean)]).slice(0, MAX_RELAYS)
}

/** All relays to use. Those of a join link come after the own ones, and displace none. */
export function chooseRelays(own: readonly string[], link: readonly string[]): string[] {
  return eachOnce([...own, ...link]).slice(0, own.length + MAX_LINK_RELAYS)
}

/** One relay may have several addresses. Its peer id tells, and the first address is kept. */
function eachOnce(relays: readonly string[]): string[] {
  const chosen = new Map<string, string>()
  for (const relay of relays) {
    const key = relayId(relay) ?? relay
    if (!chosen.has(key)) chosen.set(key, relay)
  }
  return [...chosen.values()]
}

/** The peer id at the end of a relay's address. */
function relayId(relay: string): string | undefined {
  return /\/p2p\/([^/]+)$/.exec(relay)?.[1]
}

/**
 * A join link in which own relays have the addresses that this tab knows: a link could name the id of an own relay with
 * the address of something else.
 * @returns the invitation, and the hosts in it that are not hosts of own relays
 */
export function compareWithOwn(
  link: Invitation,
  own: readonly string[],
): { invitation: Invitation; strangers: string[] } {
  const known = new Map(own.map((relay) => [relayId(relay), relay]))
  const relayAsKnown = (relay: string): string => known.get(relayId(relay)) ?? relay
  const relays = link.relays.map(relayAsKnown)
  const peers = link.peers.map((peer) => {
    const [relay = '', rest] = peer.split('/p2p-circuit')
    return rest === undefined ? peer : `${relayAsKnown(relay)}/p2p-circuit${rest}`
  })
  const direct = peers.filter((peer) => !peer.includes('/p2p-circuit'))
  const strangers = [...relays.filter((relay) => !own.includes(relay)), ...direct].map(hostOf)
  return { invitation: { peers, relays }, strangers: [...new Set(strangers)] }
}

/** Host and port of a multiaddr, as people write them. */
function hostOf(address: string): string {
  const [, , host = '', , port] = address.split('/')
  return port === undefined ? host : `${host}:${port}`
}

/**
 * STUN and TURN servers: the user's, else the origin's, else public ones if the page is on a public origin.
 * @param hostname Host of the page.
 */
export function chooseIceServers(
  user: readonly string[],
  origin: readonly RTCIceServer[],
  hostname: string,
): IceServersInUse {
  if (user.length > 0) return { servers: user.flatMap((text) => parseIceServer(text) ?? []), from: 'user' }
  if (origin.length > 0) return { servers: origin, from: 'origin' }
  return isPrivateHost(hostname) ? { servers: [], from: 'private network' } : { servers: PUBLIC_STUN, from: 'public' }
}

/**
 * Checks what a person typed.
 * @throws {GliaError} ERR_BAD_ADDRESS that names the line.
 */
export function checkSettings(settings: MeshSettings, readRelay: (text: string) => unknown): MeshSettings {
  const relays = settings.relays.map((line) => line.trim()).filter(Boolean)
  const iceServers = settings.iceServers.map((line) => line.trim()).filter(Boolean)
  for (const relay of relays) {
    readRelay(relay)
    if (!/\/(ws|wss)(\/|$)/.test(relay))
      throw new GliaError('ERR_BAD_ADDRESS', `“${relay}”: a browser reaches relays over /ws or /wss only.`)
  }
  iceServers.forEach(checkIceServer)
  return { relays, iceServers }
}

function checkIceServer(text: string): void {
  if (parseIceServer(text) && !text.includes(HIDDEN)) return
  const line = `“${hidePassword(text)}”`
  if (text.includes(HIDDEN)) {
    throw new GliaError(
      'ERR_BAD_ADDRESS',
      `${line}: this line, or one that looked the same, was changed, so its password has to be typed again.`,
    )
  }
  if (/^turns?:/i.test(text)) {
    throw new GliaError(
      'ERR_BAD_ADDRESS',
      `${line} is not like turn:USER:PASSWORD@HOST:PORT. A TURN server needs a user name and a password; an @ in them is written %40, a colon in the name %3A.`,
    )
  }
  throw new GliaError('ERR_BAD_ADDRESS', `${line} is not like stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT.`)
}

/** Whether a host is this machine, or is in a private network. Peers there see each other without STUN. */
export function isPrivateHost(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host.endsWith('.local') || !host.includes('.')) return true
  return /^(127|10)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\./.test(host)
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function readIceServer(value: unknown): RTCIceServer[] {
  // One bad server is no reason to ignore the others.
  if (typeof value === 'string') {
    const server = parseIceServer(value)
    return server ? [server] : []
  }
  const { urls, username, credential } = fields(value)
  const list = typeof urls === 'string' ? [urls] : texts(urls)
  if (list.length === 0) return []
  return [
    {
      urls: list,
      ...(typeof username === 'string' && { username }),
      ...(typeof credential === 'string' && { credential }),
    },
  ]
}
