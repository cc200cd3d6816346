import { holdForLife } from '../calls/life-lock.ts'

/** Says to the other tabs of this browser that this one runs the peer, for as long as it lives. */
export function announceToSiblings(peerId: string): void {
  void holdForLife(nameOf(peerId))
}

/** Whether another tab of this browser runs the peer: then no network is needed to reach it. */
export async function isSibling(peerId: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query()
  return held.some(({ name }) => name === nameOf(peerId))
}

function nameOf(peerId: string): `glia:alive:${string}` {
  return `glia:alive:peer:${peerId}`
}
