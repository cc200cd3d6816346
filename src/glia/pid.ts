import { base58btc } from 'multiformats/bases/base58'
import { GliaError } from './errors.ts'
import { remembered } from './remembered.ts'

/** 160 random bits, so that no two PIDs are the same, whoever makes them. */
const PID_BYTES = 20

/**
 * The name of a process on its peer: 20 bytes in base58btc without multibase prefix, nearly always 27 or 28 characters.
 * The name of an instance of a process with keys is that, a colon and the key (`instance-key.ts`).
 */
export type Pid = string & { readonly __pid: true }

export function newPid(): Pid {
  return encode(crypto.getRandomValues(new Uint8Array(PID_BYTES)))
}

/** @throws {GliaError} ERR_BAD_ADDRESS if the text is not base58btc of exactly 20 bytes. */
export function parsePid(text: string): Pid {
  if (!isPid(text)) throw new GliaError('ERR_BAD_ADDRESS', `“${text}” is not a PID: a PID is 20 bytes in base58btc.`)
  return text
}

export function isPid(text: string): text is Pid {
  // Programs without types give anything.
  return typeof text === 'string' && text.length >= PID_BYTES && text.length <= 28 && isTwentyBytes(text) === true
}

const isTwentyBytes = remembered((text): true | undefined => {
  try {
    return base58btc.baseDecode(text).length === PID_BYTES ? true : undefined
  } catch {
    return undefined // not the base58 alphabet
  }
})

/**
 * PID of the system process of a peer, for which `sys` stands in addresses: the end of the peer id, so that everybody
 * knows it without asking.
 */
export function systemPid(peerId: string): Pid {
  return encode(base58btc.baseDecode(peerId).slice(-PID_BYTES))
}

function encode(bytes: Uint8Array): Pid {
  // The 20 bytes are known here, so the cast to Pid is right. Only here and in isPid.
  return base58btc.baseEncode(bytes) as Pid
}
