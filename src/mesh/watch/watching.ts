import type { RemoteWatch, WatchHandle } from '../../glia/process/remote-watch.ts'
import type { SessionChannel } from '../../glia/session/session.ts'
import { WatchedPeer } from './watched-peer.ts'

export interface WatchingInit {
  /** Opens a stream to a peer. @throws {GliaError} ERR_BAD_REQUEST if the peer does not speak the protocol. */
  open(peer: string, signal: AbortSignal): Promise<SessionChannel>
}

/** The processes of other peers that this one watches. */
export class Watching {
  readonly #init: WatchingInit
  readonly #peers = new Map<string, WatchedPeer>()

  constructor(init: WatchingInit) {
    this.#init = init
  }

  /** @throws {GliaError} ERR_BAD_REQUEST if this peer watches too many processes of the other. */
  watch(peer: string, watch: RemoteWatch): WatchHandle {
    const watched = this.#peers.get(peer) ?? this.#begin(peer)
    return watched.add(watch)
  }

  /** Tries at once to reach the peers that are lost. @param peer Left out: all of them. */
  hurry(peer?: string): void {
    for (const [name, watched] of this.#peers) if (peer === undefined || peer === name) watched.hurry()
  }

  stop(): void {
    for (const watched of this.#peers.values()) watched.stop()
  }

  #begin(peer: string): WatchedPeer {
    const watched = new WatchedPeer({
      peer,
      open: (signal) => this.#init.open(peer, signal),
      idle: () => this.#peers.delete(peer),
    })
    this.#peers.set(peer, watched)
    return watched
  }
}
