// Does what depends on the moment: the clock, random numbers, waiting, a file.
import { buffer, read, STDERR, STDOUT, write, writeBytes, writeNumber } from './io'
import {
  clock_time_get,
  fd_close,
  fd_read,
  fd_write,
  path_open,
  poll_oneoff,
  random_get,
} from './wasi_snapshot_preview1'

const ROOT: u32 = 3
const CREATE: u32 = 1
const READ: u64 = 1 << 1
const WRITE: u64 = 1 << 6

const time: usize = memory.data(8, 8)
const dice: usize = memory.data(16)
const subscription: usize = memory.data(48, 8)
const event: usize = memory.data(32, 8)
const size: usize = memory.data(4, 4)
const iovec: usize = memory.data(8, 4)
const path: usize = memory.data(16)

let messages: u32 = 0

/** Replies the time of day, the other clock, and 16 random bytes, and writes a line to its log. */
export function luck(): void {
  if (clock_time_get(0, 1, time)) unreachable()
  if (writeBytes(STDOUT, time, 8)) unreachable()
  if (clock_time_get(1, 1, time)) unreachable()
  if (writeBytes(STDOUT, time, 8)) unreachable()
  if (random_get(dice, 16)) unreachable()
  if (writeBytes(STDOUT, dice, 16)) unreachable()
  write('lucky\n', STDERR)
}

/** Waits for 5 ms, and replies how long that was on the other clock, in ns. */
export function wait(): void {
  memory.fill(subscription, 0, 48)
  store<u32>(subscription, 1, 16)
  store<u64>(subscription, 5_000_000, 24)
  if (clock_time_get(1, 1, time)) unreachable()
  const before = load<u64>(time)
  if (poll_oneoff(subscription, event, 1, size)) unreachable()
  if (clock_time_get(1, 1, time)) unreachable()
  writeNumber((load<u64>(time) - before) as usize)
}

/** Replies how many messages came, this one included, and the length of the message with 123456789 added. Fails with 4 after 4 bytes. */
export function sum(): i32 {
  messages++
  let length: usize = 0
  for (let n = read(); n > 0; n = read()) length += n
  writeNumber(messages)
  write(' messages, sum ')
  writeNumber(length + 123456789)
  write('\n')
  return length == 4 ? 4 : 0
}

/** Replies what is in `/data/book`, and puts the message there. */
export function swap(): void {
  const name = 'data/book'
  for (let i = 0; i < name.length; i++) store<u8>(path + i, name.charCodeAt(i))
  if (path_open(ROOT, 0, path, name.length, CREATE, READ, 0, 0, size)) unreachable()
  const old = load<u32>(size)
  store<usize>(iovec, buffer)
  store<usize>(iovec, 4096, 4)
  if (fd_read(old, iovec, 1, size)) unreachable()
  if (writeBytes(STDOUT, buffer, load<usize>(size))) unreachable()
  if (fd_close(old)) unreachable()
  const length = read()
  if (path_open(ROOT, 0, path, name.length, CREATE | 8, WRITE, 0, 0, size)) unreachable()
  const book = load<u32>(size)
  store<usize>(iovec, buffer)
  store<usize>(iovec, length, 4)
  if (fd_write(book, iovec, 1, size)) unreachable()
  if (fd_close(book)) unreachable()
}

/** Replies a random byte, and never returns. */
export function hang(): void {
  if (random_get(dice, 1)) unreachable()
  if (writeBytes(STDOUT, dice, 1)) unreachable()
  while (true) {}
}

/** Replies a random byte, and traps. */
export function crash(): void {
  if (random_get(dice, 1)) unreachable()
  if (writeBytes(STDOUT, dice, 1)) unreachable()
  unreachable()
}
