/**
 * A peer of the mesh in a page of your own, without Glia's UI. The page's origin serves the files of this package; a bundler that knows
 * `new URL(…, import.meta.url)` does so by itself. `actor.js` needs the headers of `headersFor('actor.js')` of `glia/node`.
 *
 * ```js
 * import { createPeer } from 'glia'
 *
 * const peer = createPeer({ storage: 'my-app' })
 * const reply = await peer.call('/ww/0.1.0/self/root/echo', 'hello')
 * console.log(new TextDecoder().decode(reply)) // hello
 * await peer.stop()
 * ```
 */
import type { GliaPeer, PeerOptions } from '../tab/peer-options.ts'
import { createPeer as create } from '../tab/create-peer.ts'

export { GliaError, type ErrorCode } from '../glia/errors.ts'
export type { GliaPeer, PeerOptions }
export type { CallOptions, GliaScripting, ProcessInfo, TimedCallOptions } from '../tab/scripting.ts'
export type { SpawnOptions } from '../actors/table/spawn-options.ts'
export type { WatchedEnd } from '../glia/address-watches.ts'
export type { Stream } from '../glia/stream/stream.ts'

/** Runs a peer in this page. It returns at once: calls wait until the peer has started, and `ready` says why it has not. */
export function createPeer(options: PeerOptions = {}): GliaPeer {
  return create({
    ...options,
    workerScript: options.workerScript ?? new URL(/* @vite-ignore */ '../dist/actor.js', import.meta.url),
    rootModule: options.rootModule ?? new URL(/* @vite-ignore */ '../dist/actors/root.wasm', import.meta.url),
  })
}
