// Counts how often each message ran. A message begins with its number: four bytes, little-endian, below 4096.
import { buffer, CAPACITY, STDOUT, writeBytes } from './io'
import { fd_read, poll_oneoff } from './wasi_snapshot_preview1'

const NUMBERS: usize = 4096

/** For each number how many messages began, and how many were read to their end: two u16. */
const counts: usize = memory.data(16384)

const subscription: usize = memory.data(48, 8)
const event: usize = memory.data(32, 8)
const stored: usize = memory.data(4, 4)
const digits: usize = memory.data(16)
const iovec: usize = memory.data(8, 4)

let broken: bool = false

/** Replies what comes, as it comes. */
export function echo(): void {
  let length = begin()
  if (length < 4) return
  const count = counts + number() * 4
  store<u16>(count, load<u16>(count) + 1)
  while (length > 0) {
    if (writeBytes(STDOUT, buffer, length)) return
    length = read()
  }
  if (!broken) store<u16>(count, load<u16>(count, 2) + 1, 2)
}

/** Reads to the end, sleeps 10 ms, and replies the number, the bytes and their sum (FNV-1a), with spaces between them. */
export function sum(): void {
  let length = begin()
  if (length < 4) return
  const message = number()
  const count = counts + message * 4
  store<u16>(count, load<u16>(count) + 1)
  let total: usize = 0
  let hash: u32 = 0x811c9dc5
  while (length > 0) {
    for (let i: usize = 0; i < length; i++) hash = (hash ^ load<u8>(buffer + i)) * 0x01000193
    total += length
    length = read()
  }
  if (broken) return
  store<u16>(count, load<u16>(count, 2) + 1, 2)
  store<u32>(subscription, 1, 16) // a clock, monotonic
  store<u64>(subscription, 10_000_000, 24) // ns, relative
  poll_oneoff(subscription, event, 1, stored)
  reply(message, ' ')
  reply(total, ' ')
  reply(hash, '')
}

/** As `writeNumber` and `write`; a caller that is gone is no reason to trap. */
function reply(value: usize, after: string): void {
  let at = digits + 10
  do {
    store<u8>(--at, 0x30 + (value % 10))
    value /= 10
  } while (value > 0)
  let end = digits + 10
  for (let i = 0; i < after.length; i++) store<u8>(end++, after.charCodeAt(i))
  writeBytes(STDOUT, at, end - at)
}

/** Replies the counts. */
export function counted(): void {
  writeBytes(STDOUT, counts, NUMBERS * 4)
}

/** Reads until the number is there. */
function begin(): usize {
  broken = false
  let length: usize = 0
  while (length < 4) {
    const more = read(length)
    if (more == 0) break
    length += more
  }
  return length
}

/** One read into the buffer; 0 at the end of the message, and where it breaks off. A trap would lose the counts. */
function read(offset: usize = 0): usize {
  store<usize>(iovec, buffer + offset)
  store<usize>(iovec, CAPACITY - offset, 4)
  broken = fd_read(0, iovec, 1, stored) != 0
  return broken ? 0 : load<usize>(stored)
}

function number(): usize {
  return load<u32>(buffer) % NUMBERS
}

/** Traps. */
export function trap(): void {
  unreachable()
}

/** Never returns. */
export function spin(): void {
  while (true) {}
}
