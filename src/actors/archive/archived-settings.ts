import type { GliaError } from '../../glia/errors.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { cleanName } from '../../glia/peer-name.ts'
import { fields, isBytes } from '../../glia/untrusted.ts'
import type { KeptPeople, MeshSettings } from '../table/schema.ts'
import type { ArchivedIdentity } from './archive-file.ts'

/** Makes the error for a file, with words that go on after “because”. */
type Bad = (why: string) => GliaError

const KEY_BYTES = 32
/** Most lines of a setting, and longest line. */
const MAX_LINES = 100
const MAX_LINE = 1000
/** Most peers with a name, and most that are blocked. */
const MAX_PEOPLE = 10_000
/** Longest setting of the page, in UTF-16 units. */
const MAX_PAGE = 100_000
/** What the page keeps in `localStorage`. Nothing else of an archive gets there. */
export const PAGE_KEYS = ['glia-theme', 'glia-default-policy', 'glia-calls-silent'] as const

export function readIdentity(value: unknown, bad: Bad): ArchivedIdentity {
  const { peerId, key } = fields(value)
  if (typeof peerId === 'string' && isPeerId(peerId) && isBytes(key) && key.length === KEY_BYTES)
    return { peerId, key: key.slice() }
  throw bad('its identity is wrong')
}

export function readMesh(value: unknown, bad: Bad): MeshSettings {
  const { relays, iceServers } = fields(value)
  if (!isLines(relays) || !isLines(iceServers)) throw bad('its relays or ICE servers are wrong')
  return { relays, iceServers }
}

export function readPeople(value: unknown, bad: Bad): KeptPeople {
  const { ownName, names, blocked, managers = [] } = fields(value)
  if (typeof ownName !== 'string') throw bad('its name is wrong')
  if (!isLines(managers) || !managers.every(isPeerId)) throw bad('a peer that may manage processes is wrong')
  return {
    ...(managers.length > 0 && { managers }),
    ownName: cleanName(ownName),
    names: entries(names, (name) => {
      if (typeof name === 'string') return cleanName(name)
      throw bad('a name of a peer is wrong')
    }),
    blocked: entries(blocked, (at) => {
      if (typeof at === 'number' && Number.isFinite(at)) return at
      throw bad('a blocked peer of it is wrong')
    }),
  }

  function entries<T>(given: unknown, read: (one: unknown) => T): Record<string, T> {
    const all = Object.entries(fields(given))
    if (all.length > MAX_PEOPLE || !all.every(([peer]) => isPeerId(peer))) throw bad('its list of peers is wrong')
    return Object.fromEntries(all.map(([peer, one]) => [peer, read(one)]))
  }
}

export function readPage(value: unknown, bad: Bad): Record<string, string> {
  const given = fields(value)
  return Object.fromEntries(
    PAGE_KEYS.flatMap((key) => {
      const text = given[key]
      if (text === undefined) return []
      if (typeof text !== 'string' || text.length > MAX_PAGE) throw bad('a setting of the page is wrong')
      return [[key, text]]
    }),
  )
}

function isLines(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_LINES &&
    value.every((line) => typeof line === 'string' && line.length <= MAX_LINE)
  )
}
