import { violation } from './violation.ts'
import { Cursor } from './varint.ts'

/**
 * The wire format of `/glia/0.1.0`. A frame is its length as an unsigned varint, then as many bytes: one byte of type
 * (low nibble) and flags (high nibble), the id of the call as a varint, and the payload.
 */
export const FRAME = {
  /** varint length of the head, head ({@link OpenHead} as JSON), first bytes of the message. Only the opener sends it. */
  OPEN: 1,
  /** Bytes of the message or of the reply. */
  DATA: 2,
  /**
   * varint: so many more bytes may be sent in this call. With id 0: so many bytes of OPEN and DATA frames have arrived.
   */
  CREDIT: 3,
  /** The sender of this frame reads no more of this call. */
  STOP: 4,
  /**
   * The call has failed. The error is JSON `{code, message}`, with `exitCode` and `accepted` if the program has exited.
   */
  FAIL: 5,
  /** Asks for a PONG. Its id is 0. */
  PING: 6,
  PONG: 7,
} as const

export type FrameType = (typeof FRAME)[keyof typeof FRAME]

/** Flags of the first byte of a frame. Others have no meaning yet and are ignored. */
export const FLAG = {
  /** Of OPEN and DATA: these are the last bytes in this direction. */
  FIN: 0x80,
  /** Of CREDIT, from the serving side: the call has a key, and does not run again if it is made again. */
  KEPT: 0x40,
} as const
const TYPE_BITS = 0x0f

/** Most bytes of a message in one frame, so that other calls soon have their turn. */
export const MAX_DATA_BYTES = 16 * 1024
/** Longest OPEN head and FAIL payload, in bytes: an address has up to 2 KiB, a call chain of 64 calls 6 KiB. */
export const MAX_HEAD_BYTES = 8 * 1024
/** Longest frame without its length: {@link MAX_DATA_BYTES}, type, id, and the length of a head. */
export const MAX_FRAME_BYTES = MAX_DATA_BYTES + 16
/** Bytes of a call's message, and of its reply, that may be sent before the first CREDIT. */
export const INITIAL_CREDIT_BYTES = 256 * 1024

export type Frame =
  | { type: typeof FRAME.OPEN; id: number; head: Uint8Array; data: Uint8Array; fin: boolean }
  | { type: typeof FRAME.DATA; id: number; data: Uint8Array; fin: boolean }
  | { type: typeof FRAME.CREDIT; id: number; bytes: number; kept?: true }
  | { type: typeof FRAME.STOP; id: number }
  | { type: typeof FRAME.FAIL; id: number; status: Uint8Array }
  | { type: typeof FRAME.PING }
  | { type: typeof FRAME.PONG }

/**
 * Reads a frame without its length. Its bytes are views of the given ones. @throws {GliaError} ERR_PROTOCOL if it is no
 * frame.
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const cursor = new Cursor(bytes)
  const first = cursor.byte()
  const fin = (first & FLAG.FIN) !== 0
  const type = first & TYPE_BITS
  const id = cursor.varint()
  switch (type) {
    case FRAME.OPEN: {
      const headBytes = cursor.varint()
      if (headBytes > MAX_HEAD_BYTES) throw violation('the head of a call is too long')
      return { type, id, fin, head: cursor.take(headBytes), data: cursor.rest() }
    }
    case FRAME.DATA:
      return { type, id, fin, data: cursor.rest() }
    case FRAME.CREDIT:
      return { type, id, bytes: cursor.varint(), ...((first & FLAG.KEPT) !== 0 && { kept: true as const }) }
    case FRAME.STOP:
      return { type, id }
    case FRAME.FAIL:
      return { type, id, status: cursor.rest() }
    case FRAME.PING:
    case FRAME.PONG:
      return { type }
    default:
      throw violation(`there is no frame of type ${type}`)
  }
}
