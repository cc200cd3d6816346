// Writes down what it is told.
import { buffer, read, STDOUT, write, writeBytes } from './io'

const CAPACITY: usize = 65536
const diary: usize = memory.data(65536)
let length: usize = 0

/** Appends the message and a newline. */
export function note(): void {
  for (let count = read(); count > 0; count = read()) {
    if (length + count + 1 > CAPACITY) unreachable()
    memory.copy(diary + length, buffer, count)
    length += count
  }
  store<u8>(diary + length++, 0x0a)
}

/** Replies all that was noted. */
export function recall(): void {
  if (writeBytes(STDOUT, diary, length)) unreachable()
}

/** Traps. */
export function trap(): void {
  unreachable()
}

/** Replies what this module is. */
export function which(): void {
  write('diary')
}
