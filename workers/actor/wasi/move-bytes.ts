import type { Later } from './descriptor.ts'
import type { GuestMemory } from './guest-memory.ts'
import { andThen } from './later.ts'
import { WasiError } from './wasi-error.ts'

/** A list of buffers in guest memory, and the place for the number of moved bytes, as the guest gives them. */
export interface Buffers {
  list: number
  count: number
  done: number
}

/**
 * Reads or writes through a list of buffers. A stream ends after the first buffer that takes bytes: the next one might
 * wait while bytes are moved already, and libraries call again for the rest.
 * @param move Moves bytes between a buffer and the file. @param moved Bytes of the buffers before.
 */
export function moveBytes(
  memory: GuestMemory,
  { list, count, done }: Buffers,
  isStream: boolean,
  move: (buffer: Uint8Array<ArrayBuffer>, moved: number) => Later<number>,
): Later<void> {
  const taken = memory.checkBuffers(list, count)
  memory.check(done, 4)
  return andThen(moveAll(), (total) => memory.setU32(done, total))

  function moveAll(): Later<number> {
    let before = 0
    for (let i = 0; i < taken; i++) {
      const buffer = memory.buffer(list, i)
      if (buffer.length === 0) continue
      const moved = tryMove(buffer, before)
      if (isStream || typeof moved !== 'number') return moved
      before += moved
      if (moved < buffer.length) break
    }
    return before
  }

  /** A failure after bytes were moved is reported by the next call. */
  function tryMove(buffer: Uint8Array<ArrayBuffer>, before: number): Later<number> {
    try {
      return move(buffer, before)
    } catch (thrown) {
      if (before > 0 && thrown instanceof WasiError) return 0
      throw thrown
    }
  }
}
