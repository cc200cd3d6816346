import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { ErrorView, LinkView, StatusView } from '../model.ts'

/** One part of the way to what a link leads to. */
export interface Step {
  what: string
  state: 'done' | 'now' | 'failed' | 'later'
  words: string
}

export interface StepsInit {
  /** Id of this tab's peer; undefined until it has started. */
  peer: string | undefined
  mesh: StatusView
  relays: readonly RelayInfo[]
  /** Why the link's peer was not reached at the last attempt. */
  error: Pick<ErrorView, 'message'> | undefined
  link: LinkView | undefined
  last?: Step | undefined
}

interface Way extends Pick<StepsInit, 'error'> {
  link: LinkView
}

/** The parts of the way, in their order. After the first that is not done, nothing is. */
export function stepsOf({ peer, mesh, relays, error, link, last }: StepsInit): Step[] {
  const steps: Step[] = [pageStep(peer, mesh)]
  if (!link) return steps
  const way = { link, error }
  const used = relays.find((relay) => link.relays.some((given) => isSameRelay(relay, given)))
  const [given] = link.relays
  if (given !== undefined) steps.push(relayStep(hostOf(used?.address ?? given), used, way))
  steps.push(peerStep(used, way))
  if (last) steps.push(isOver(link) ? last : { ...last, state: 'later', words: '' })
  return steps
}

function pageStep(peer: string | undefined, mesh: StatusView): Step {
  const what = 'This page'
  if (peer !== undefined) return { what, state: 'done', words: 'is ready' }
  if (mesh.level === 'bad') return { what, state: 'failed', words: mesh.detail }
  return { what, state: 'now', words: 'is being started' }
}

function relayStep(host: string, relay: RelayInfo | undefined, { link, error }: Way): Step {
  const what = `The relay ${host}`
  if (isOver(link) || isConnected(relay)) return { what, state: 'done', words: 'is connected' }
  // The last failure stays while the relay is tried again, so that nothing flickers.
  const why = relay?.error ?? (relay && error?.message)
  if (why !== undefined) {
    return { what, state: 'failed', words: `is not reachable. ${why} This page tries again by itself.` }
  }
  return link.state === 'trying'
    ? { what, state: 'now', words: 'is being connected' }
    : { what, state: 'later', words: '' }
}

function peerStep(relay: RelayInfo | undefined, { link, error }: Way): Step {
  const what = `The page of ${peerWords(link.peer)}`
  if (isOver(link)) return { what, state: 'done', words: 'was reached' }
  if (link.state === 'declined') {
    return { what, state: 'failed', words: 'was not called, because you did not want to connect.' }
  }
  if (link.state !== 'trying' || (relay && !isConnected(relay))) return { what, state: 'later', words: '' }
  if (!error) return { what, state: 'now', words: 'is being called' }
  const words = `is not reachable: it may be closed, or asleep. ${error.message} This page tries again by itself.`
  return { what, state: 'failed', words }
}

function isOver({ state }: LinkView): boolean {
  return state === 'joined' || state === 'own'
}

function isConnected(relay: RelayInfo | undefined): boolean {
  return relay?.state === 'reserved' || relay?.state === 'refused'
}

function isSameRelay({ address, peerId }: RelayInfo, given: string): boolean {
  return address === given || (peerId !== undefined && given.endsWith(`/p2p/${peerId}`))
}

/** Host and port of a multiaddr, as people write them. */
function hostOf(address: string): string {
  const [, , host = '', , port] = address.split('/')
  return port === undefined ? host : `${host}:${port}`
}
