import type { PeerDetail, PeerInfo, WhyRelayed } from '../../mesh/presence/peer-info.ts'
import { formatClock, formatMoment, formatSpan } from '../kit/format.ts'

export interface PeerState {
  /** Undefined: no list has the peer now. */
  info: PeerInfo | undefined
  detail: PeerDetail | undefined
  silentSince: number | undefined
  blockedSince: number | undefined
}

export interface StateWords {
  dot: 'ok' | 'warn' | 'bad' | 'none'
  text: string
}

/** How a peer stands, in words. @param now In ms since the epoch. */
export function stateWords({ info, detail, silentSince, blockedSince }: PeerState, now: number): StateWords {
  if (blockedSince !== undefined) return { dot: 'bad', text: `blocked since ${formatClock(blockedSince, now)}` }
  if (silentSince !== undefined) {
    const words = `not answering since ${formatMoment(silentSince, now)} (${formatSpan(now - silentSince)})`
    return { dot: 'bad', text: words }
  }
  if (info && info.link !== 'none') {
    const since = info.since === undefined ? '' : ` for ${formatSpan(now - info.since)}`
    return info.link === 'direct'
      ? { dot: 'ok', text: `connected directly${since}` }
      : { dot: 'warn', text: `connected over a relay${since}` }
  }
  const seen = detail?.lastSeen
  const last = seen === undefined ? '' : `, last seen ${formatMoment(seen, now)} (${formatSpan(now - seen)} ago)`
  if (!info) return { dot: 'none', text: `not known here now${last}` }
  return { dot: 'none', text: `not connected${last || ', a relay tells of it'}` }
}

const WHY: Readonly<Record<Exclude<WhyRelayed['kind'], 'failed'>, string>> = {
  'no-webrtc-here': 'This browser has no WebRTC, or it is turned off. So it reaches others over relays only.',
  'no-webrtc-there': 'The peer offers no WebRTC: it is a program outside of a browser, or a browser without it.',
  making: 'A direct connection is being made now.',
  full: 'This tab keeps 8 direct connections, and all are in use. One that has no calls makes room.',
  spent: 'This page has made as many WebRTC connections as a browser allows. After a reload it can make more.',
  closed: 'The direct connection was closed, by you or because it had no calls for a while.',
  'not-tried': 'No direct connection was tried yet. The next call makes one.',
}

/** Why a peer is relayed, in a sentence or two. */
export function whyRelayedWords(why: WhyRelayed, now: number): string {
  const words =
    why.kind === 'failed'
      ? `The last direct attempt failed: the peer ${why.why}. A network between may let no UDP through.`
      : WHY[why.kind]
  return 'retryAt' in why ? `${words} ${again(why.retryAt, now)}` : words
}

function again(at: number, now: number): string {
  return at <= now ? 'The next call tries again.' : `A call after ${formatClock(at, now)} tries again.`
}
