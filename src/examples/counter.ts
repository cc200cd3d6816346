// counter: state that lives from message to message.
import { buffer, read, STDERR, STDOUT, write } from './io'

/** More text than any 64-bit integer takes; what is longer is not one. */
const INPUT_LENGTH: usize = 64

const NOT_AN_INTEGER = memory.data<u8>([
  // 'not an integer\n'
  0x6e, 0x6f, 0x74, 0x20, 0x61, 0x6e, 0x20, 0x69, 0x6e, 0x74, 0x65, 0x67, 0x65, 0x72, 0x0a,
])

let total: i64 = 0

/** Adds the integer in the message, or 1 if the message is empty, and replies the new count. Anything else fails and changes nothing. */
export function increment(): i32 {
  let length: usize = 0
  let chunk = read(buffer, INPUT_LENGTH)
  while (chunk > 0) {
    length += chunk
    chunk = length < INPUT_LENGTH ? read(buffer + length, INPUT_LENGTH - length) : 0
  }
  if (length == INPUT_LENGTH) return refuse()
  let start = buffer
  let end = buffer + length
  while (start < end && isSpace(load<u8>(start))) start++
  while (end > start && isSpace(load<u8>(end - 1))) end--
  if (start == end) {
    total++
    reply()
    return 0
  }
  const negative = load<u8>(start) == 0x2d // '-'
  if (negative) start++
  // 18 digits always fit.
  if (start == end || end - start > 18) return refuse()
  let amount: i64 = 0
  while (start < end) {
    const digit = <i64>load<u8>(start++) - 0x30 // '0'
    if (digit < 0 || digit > 9) return refuse()
    amount = amount * 10 + digit
  }
  total += negative ? -amount : amount
  reply()
  return 0
}

/** Replies the count and leaves it as it is. */
export function value(): void {
  reply()
}

function isSpace(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

function refuse(): i32 {
  write(STDERR, NOT_AN_INTEGER, 15)
  return 1
}

/** Writes the count in decimal and a newline, from the last digit to the first, into the free end of the buffer. */
function reply(): void {
  const end = buffer + 128
  let at = end - 1
  store<u8>(at, 0x0a)
  let rest: u64 = total < 0 ? 0 - <u64>total : <u64>total
  do {
    store<u8>(--at, <u8>(0x30 + (rest % 10)))
    rest /= 10
  } while (rest != 0)
  if (total < 0) store<u8>(--at, 0x2d)
  write(STDOUT, at, end - at)
}
