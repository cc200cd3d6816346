import type { PeerInfo } from '../../mesh/presence/peer-info.ts'

/**
 * Rows that are shown at first, and that each press of the button adds. A mesh may have thousands of peers, and rows
 * take time.
 */
export const PEERS_PER_PAGE = 100

/** The peers whose rows are shown: the first ones, and the one that is looked for. */
export function peersShown(peers: readonly PeerInfo[], count: number, found: string | undefined): readonly PeerInfo[] {
  const first = peers.slice(0, count)
  const wanted = peers.slice(count).find(({ peerId }) => peerId === found)
  return wanted ? [...first, wanted] : first
}
