import type { ArchivedIdentity } from '../actors/archive/archive-file.ts'
import type { SlotIdentity } from '../actors/table/schema.ts'
import { GliaError } from '../glia/errors.ts'
import { peerIdOf, PKCS8, PRIVATE_KEY_HEAD } from './new-identity.ts'

const KEY_BYTES = 32

/**
 * An identity whose key the page can read. All others have a key that the browser gives to nobody.
 * @throws {GliaError} ERR_BAD_REQUEST in a browser without Ed25519.
 */
export async function newPortableIdentity(): Promise<SlotIdentity> {
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
  const { peerId, privateKey } = await kept(key)
  return { peerId, privateKey }
}

/** The identity for an archive; undefined if the browser keeps its key. */
export async function archivedIdentity({ peerId, privateKey }: SlotIdentity): Promise<ArchivedIdentity | undefined> {
  if (privateKey instanceof Uint8Array)
    return { peerId, key: privateKey.slice(PRIVATE_KEY_HEAD, PRIVATE_KEY_HEAD + KEY_BYTES) }
  if (!privateKey.extractable) return undefined
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey))
  return { peerId, key: pkcs8.slice(-KEY_BYTES) }
}

/** Whether an archive can have the identity. */
export function isPortable({ privateKey }: SlotIdentity): boolean {
  return privateKey instanceof Uint8Array || privateKey.extractable
}

/**
 * The identity of an archive, for the database.
 * @throws {GliaError} ERR_BAD_REQUEST if the key is of another peer, or the browser has no Ed25519.
 */
export async function identityFrom({ peerId, key }: ArchivedIdentity): Promise<SlotIdentity> {
  const identity = await kept(key)
  if (identity.peerId === peerId) return identity
  throw new GliaError('ERR_BAD_REQUEST', 'The archive cannot be used: the key of its identity is of another peer.')
}

async function kept(key: Uint8Array): Promise<SlotIdentity> {
  try {
    const pkcs8 = Uint8Array.from([...PKCS8, ...key])
    const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign'])
    const { x = '' } = await crypto.subtle.exportKey('jwk', privateKey)
    return { peerId: peerIdOf(fromBase64Url(x)), privateKey }
  } catch (cause) {
    throw new GliaError(
      'ERR_BAD_REQUEST',
      'This browser cannot keep an identity that comes from a file: it has no Ed25519 (Chromium has it since 137, Firefox since 129, Safari since 17).',
      { cause },
    )
  }
}

function fromBase64Url(text: string): Uint8Array {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
