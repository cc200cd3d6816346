import { isPeerId } from '../glia/peer-id.ts'
import { cleanName, MAX_NAME } from '../glia/peer-name.ts'
import { isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_LIVE } from './limits.ts'
import { hidePassword, type IceServer, parseIceServer as readIceServer } from '../mesh/dial/ice-server.ts'

/** A person typed something wrong. The message is one sentence that names it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The value of a setting, and where the person gave it, so that an error names the right place. */
export interface Given {
  readonly where: string
  readonly value: string
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

export function parsePort({ where, value }: Given): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
  if (port >= 0 && port <= 65535) return port
  throw new UsageError(`${where} takes a port from 0 to 65535, not "${value}".`)
}

export function parseHost({ where, value }: Given): string {
  if (value === 'localhost') return '127.0.0.1'
  if (isIP(value) !== 0) return value
  throw new UsageError(`${where} takes an IP address, such as 127.0.0.1 or 0.0.0.0, not "${value}".`)
}

/** An empty text would be the current folder: a script whose variable is empty does not mean that. */
export function parseFolder({ where, value }: Given): string {
  if (value.trim() !== '') return value
  throw new UsageError(`${where} takes the path of a folder, not "${value}".`)
}

export function parseBytes({ where, value }: Given): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})([KMG]?)(?:i?B)?$/i.exec(value) ?? []
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? 0)
  if (bytes > 0) return bytes
  throw new UsageError(`${where} takes a size, such as 500K, 64M or 1G, not "${value}".`)
}

export function parseCount({ where, value }: Given): number {
  const count = /^\d{1,9}$/.test(value) ? Number(value) : 0
  if (count > 0) return count
  throw new UsageError(`${where} takes a number from 1 on, not "${value}".`)
}

export function parseLive(given: Given): number {
  const count = parseCount(given)
  if (count <= MAX_LIVE) return count
  throw new UsageError(`${given.where} takes at most ${MAX_LIVE}, not "${given.value}".`)
}

/** Reads one of these words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): (given: Given) => Word {
  return ({ where, value }) => {
    const word = words.find((each) => each === value)
    if (word !== undefined) return word
    throw new UsageError(`${where} is ${words.join(' or ')}, not "${value}".`)
  }
}

export function parseSwitch({ where, value }: Given): boolean {
  if (/^(1|true|yes)$/i.test(value)) return true
  if (/^(0|false|no)$/i.test(value)) return false
  throw new UsageError(`${where} is 1 or 0, not "${value}".`)
}

export function parseMultiaddr({ where, value }: Given): string {
  try {
    return multiaddr(value).toString()
  } catch (cause) {
    throw new UsageError(`${where} takes a multiaddr, such as /dns4/example.org/tcp/443/wss, not "${value}".`, {
      cause,
    })
  }
}

/** The origin of a site; `*` stands for all sites. */
export function parseOrigin({ where, value }: Given): string {
  if (value === '*') return value
  const origin = URL.canParse(value) ? new URL(value) : undefined
  if (origin && /^https?:$/.test(origin.protocol) && `${origin.origin}/` === origin.href) return origin.origin
  throw new UsageError(`${where} takes the origin of a site, such as https://example.org, not "${value}".`)
}

/** A name, as it is shown to others. */
export function parseName({ where, value }: Given): string {
  const name = cleanName(value)
  if (name !== '') return name
  throw new UsageError(`${where} takes a name that can be seen, of at most ${MAX_NAME} characters, not "${value}".`)
}

export function parsePeer({ where, value }: Given): string {
  if (isPeerId(value)) return value
  throw new UsageError(`${where} takes a peer id, such as 12D3Koo…, not "${value}".`)
}

export function parseIceServer({ where, value }: Given): IceServer {
  const server = readIceServer(value)
  if (server) return server
  throw new UsageError(`${where} takes stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT, not "${hidePassword(value)}".`)
}
