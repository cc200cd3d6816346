import { signal } from '@preact/signals'
import { shortId } from './format.ts'

/** The names of peers. The page fills it in, so that every view can name a peer. */
export interface PeerNames {
  /** Names that the person of this browser gave. */
  readonly given: Readonly<Record<string, string>>
  /** Names that peers announce. Anybody may take any name. */
  readonly announced: ReadonlyMap<string, string>
}

export const peerNames = signal<PeerNames>({ given: {}, announced: new Map() })

/** Scripts that are written from right to left. A name in one of them is isolated, or it would turn the words around it. */
const TURNS_WORDS = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u

export interface PeerName {
  readonly text: string
  /** Whether the person gave it. Otherwise the peer announces it, which proves nothing. */
  readonly isGiven: boolean
}

/** The name of a peer; undefined if it has none. Reads a signal. */
export function nameOfPeer(id: string): PeerName | undefined {
  const { given, announced } = peerNames.value
  if (Object.hasOwn(given, id)) return { text: given[id] ?? '', isGiven: true }
  const text = announced.get(id)
  return text === undefined ? undefined : { text, isGiven: false }
}

/**
 * A peer in words: `Ada …9fpQ8f` with the name that the person gave, `“Ada” …9fpQ8f` with one that the peer announces.
 * The id is always there, since it alone tells who it is. Reads a signal.
 */
export function peerWords(id: string): string {
  const name = nameOfPeer(id)
  if (!name) return shortId(id)
  const text = TURNS_WORDS.test(name.text) ? `\u2068${name.text}\u2069` : name.text
  return `${name.isGiven ? text : `“${text}”`} ${shortId(id)}`
}

/** Peers that the person calls by a name that another peer announces: it may pose as one of them. */
export function namesakesOf(id: string, announced: string): string[] {
  const wanted = announced.toLowerCase()
  return Object.entries(peerNames.value.given).flatMap(([other, name]) =>
    other !== id && name.toLowerCase() === wanted ? [other] : [],
  )
}
