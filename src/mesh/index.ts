/** Everything of libp2p, in one chunk: a peer that is started again answers its first call without it. */
export { AddressWatches } from '../glia/address-watches.ts'
export { RemoteWatches } from '../glia/process/remote-watches.ts'
export { browserPlatform } from './libp2p/browser.ts'
export { formatLink } from './relays/format-link.ts'
export { MeshNode } from './node.ts'
export { readMultiaddr } from './dial/addresses.ts'

/** Links that are read, and everything else that no first call needs. */
export const loadLater = (): Promise<typeof import('./later.ts')> => import('./later.ts')
