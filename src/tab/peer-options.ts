import type { Logger } from '../glia/log.ts'
import type { GliaScripting } from './scripting.ts'

/** How a page runs a peer. */
export interface PeerOptions {
  /**
   * URL of the actor worker's script, `dist/actor.js` of the package, on the page's own origin. The response needs the headers
   * that `headersFor('actor.js')` of `glia/node` gives: they keep actors off the network. Left out: the file in the package.
   */
  workerScript?: string | URL | undefined
  /**
   * URL of the service worker, `glia/sw.js`, on the page's own origin. With it, pages below its folder call
   * actors with `fetch`, and tabs of this browser call each other without a network. On a host that sends no headers, it
   * adds those of pages, and those of an `actor.js` in its folder. Left out: there is none, and the page's scripts call
   * through the peer that `createPeer` returns.
   */
  serviceWorker?: string | URL | undefined
  /** URL of the module of the peer's root process. Left out: `dist/actors/root.wasm` of the package. */
  rootModule?: string | URL | undefined
  /**
   * Name of what the peer keeps in this browser: its key, its processes. Peers with other names have nothing in common. Each tab
   * with the same name is a peer of its own, and a reopened tab is the same peer again. Default: `glia`.
   */
  storage?: string | undefined
  /**
   * What the peer calls itself, at most 40 characters. Others see it beside its id; it proves nothing. Left out: the name
   * that is kept for the storage, if there is one.
   */
  name?: string | undefined
  /** URL of a Glia server: its relays are joined, and join links lead there. It needs `--allow-origin` with the page's origin. */
  server?: string | URL | undefined
  /** Multiaddrs of relays to join, besides those that the server names. They end with the relay's peer id. */
  relays?: readonly string[] | undefined
  /** How bytes travel to actors: `rings`, `JSPI` or `buffered`. Left out, or if the page cannot have it: the best that it can. */
  tier?: string | null | undefined
  /** Gets what a developer may want to know. Left out: the console. */
  log?: Logger | undefined
  /** Stops the peer when it aborts. */
  signal?: AbortSignal | undefined
}

/** A peer that runs in this page. */
export interface GliaPeer extends GliaScripting {
  /**
   * Ends its workers and connections. What it keeps in the browser stays: the next peer with the same storage is the same peer,
   * with the same processes. Calls fail with ERR_ABORTED from then on. Idempotent.
   */
  stop(): Promise<void>
}
