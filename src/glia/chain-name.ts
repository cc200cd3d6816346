import { base58btc } from 'multiformats/bases/base58'
import { syncSha256 } from './sync-sha256.ts'

/** Bytes of the hash in a name. A PID has more, so nobody takes a name for a PID. */
const NAME_BYTES = 16
/** Names that are remembered, so that each is hashed once and not on every call. */
const MAX_REMEMBERED = 4096

const remembered = new Map<string, string>()
const encoder = new TextEncoder()

/**
 * The name of a process in call chains and in the records of other peers: `{host}/{name}`. The name is a hash of the
 * address, and the PID in the address has 160 random bits. So whoever knows the address recognises the process, and
 * nobody can make an address of the name: an address is a capability, and a chain gives none away.
 */
export function chainNameOf(host: string, proc: string): string {
  const address = `${host}/${proc}`
  const known = remembered.get(address)
  if (known !== undefined) return known
  // This text must stay: peers of all versions make the same name of an address.
  const hash = syncSha256(encoder.encode(`glia link ${address}`))
  const name = `${host}/${base58btc.baseEncode(hash.subarray(0, NAME_BYTES))}`
  if (remembered.size === MAX_REMEMBERED) remembered.clear()
  remembered.set(address, name)
  return name
}
