/**
 * Everything of libp2p, in one chunk that is loaded beside the app: a peer that is started again answers its first call
 * without it.
 */
export { newIdentity } from './identity.ts'
export { MeshNode } from './node.ts'
