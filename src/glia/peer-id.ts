import { base58btc } from 'multiformats/bases/base58'
import { remembered } from './remembered.ts'

const IDENTITY = 0x00
const SHA2_256 = 0x12
/** Longest inlined public key, in bytes (libp2p peer id spec, "Peer Ids"). */
const MAX_INLINE_KEY = 42

/**
 * Whether the text is a libp2p peer id in base58btc (`12D3Koo…`, `Qm…`), the only form in Glia addresses. Checked
 * without libp2p, which this folder may not import.
 * @see https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
 */
export function isPeerId(text: string): boolean {
  return text.length >= 8 && text.length <= 64 && isMultihash(text) === true
}

const isMultihash = remembered((text): true | undefined => {
  let multihash: Uint8Array
  try {
    multihash = base58btc.baseDecode(text)
  } catch {
    return undefined // not the base58 alphabet
  }
  const [code, length] = multihash
  if (length !== multihash.length - 2) return undefined
  const isKnown = (code === SHA2_256 && length === 32) || (code === IDENTITY && length > 0 && length <= MAX_INLINE_KEY)
  return isKnown ? true : undefined
})
