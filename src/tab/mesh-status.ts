import type { StatusView } from '../ui/model.ts'
import type { PeerInfo, RelayInfo } from '../mesh/presence/peer-info.ts'

export interface MeshState {
  peers: readonly PeerInfo[]
  relays: readonly RelayInfo[]
  /** Whether direct connections were tried, and none has ever worked. */
  onlyRelayed: boolean
  /** Whether the browser says that there is a network. */
  online: boolean
  /** WebRTC dials of other peers that were refused. Left out: none. */
  refusedDials?: number
}

/** Whether this tab is on the mesh, in words. */
export function meshStatus({ peers, relays, onlyRelayed, online, refusedDials = 0 }: MeshState): StatusView {
  const others = peers.filter(({ link, relay }) => link !== 'none' && !relay)
  const direct = others.filter(({ link }) => link === 'direct').length
  const counts = `${count(others.length, 'peer')}${others.length > 0 ? `, ${direct} direct` : ''}`
  if (relays.some(({ state }) => state === 'reserved')) {
    if (onlyRelayed && others.length > 0 && direct === 0) {
      return {
        level: 'warn',
        text: `Relayed only · ${count(others.length, 'peer')}`,
        detail:
          'Others reach this tab through a relay. A direct connection could not be made (no UDP here, or a strict NAT): calls work, and take a little longer.',
      }
    }
    return {
      level: 'ok',
      text: `On the mesh · ${counts}`,
      detail: `Peers anywhere can call the processes here by their address.${refusedDials > 0 ? ` ${count(refusedDials, 'WebRTC dial')} of others came too fast and got no answer; calls of theirs go over the relay.` : ''}`,
    }
  }
  const refused = relays.find(({ state }) => state === 'refused')
  if (refused) {
    return {
      level: 'warn',
      text: `${refused.error?.endsWith('is full.') ? 'The relay is full' : 'No reservation'} · ${counts}`,
      detail: `${refused.error ?? 'The relay gives no reservation.'} This tab can call others, and new peers cannot call it. It asks the relay again.`,
    }
  }
  const waiting = relays.find(({ state }) => state === 'waiting')
  if (direct > 0) {
    return {
      level: 'warn',
      text: `No relay · ${counts}`,
      detail: `Connected peers reach this tab; new ones cannot find it. ${waiting?.error ?? ''} Trying again.`,
    }
  }
  if (!online) {
    return {
      level: 'bad',
      text: 'Offline: no network',
      detail: 'This device has no network. The tab joins again when it has.',
    }
  }
  if (waiting) {
    return {
      level: 'bad',
      text: 'Offline: relay gone, trying again',
      detail: `${waiting.error ?? 'The relay does not answer.'} It is ${waiting.address}. Calls between tabs of this browser go on.`,
    }
  }
  if (relays.length > 0) return { level: 'idle', text: 'Joining', detail: 'The relay is being reached.' }
  return {
    level: 'idle',
    text: 'This browser only',
    detail:
      'This page knows no relay, so only pages and tabs of this browser reach the processes here. Open a join link, or name a relay in the settings.',
  }
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
