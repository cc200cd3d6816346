// One method for each way in which a call can end, well or badly.
import { buffer, CAPACITY, read, STDERR, STDOUT, write, writeBytes, writeNumber } from './io'
import { poll_oneoff, proc_exit } from './wasi_snapshot_preview1'

let calls: usize = 0

/** Traps before it reads or writes. */
export function trap(): void {
  unreachable()
}

/** Replies 'partial', then traps. */
export function late_trap(): void {
  write('partial')
  unreachable()
}

/** Replies 'partial', and traps when something of the message comes. */
export function turn_trap(): void {
  write('partial')
  read()
  unreachable()
}

/** proc_exit(3), with no reply. */
export function exit3(): void {
  proc_exit(3)
}

/** Replies 'bye', then proc_exit(0). */
export function exit0(): void {
  write('bye')
  proc_exit(0)
}

/** Returns 7, with no reply. */
export function fail7(): i32 {
  return 7
}

/** Never returns and never calls the host. */
export function spin(): void {
  while (true) {}
}

/** Calls itself 10,000 times, and replies the sum of the depths. */
export function deep(): void {
  writeNumber(sumOf(10_000))
}

function sumOf(depth: usize): usize {
  return depth === 0 ? 0 : depth + sumOf(depth - 1)
}

/** Calls itself for ever. */
export function bottomless(): void {
  writeNumber(sumOf(-1))
}

/** Replies the length of the first chunk and leaves the rest unread. */
export function half(): void {
  writeNumber(read())
}

/** Replies how many calls of `count` this instance has had: 1 again after a cold start. */
export function count(): void {
  calls++
  writeNumber(calls)
}

/** Two lines on stderr, 'ok' on stdout. */
export function warn(): void {
  write('first warning\n', STDERR)
  write('second warning\n', STDERR)
  write('ok')
}

/** Tells why on stderr, in red and without a newline, and traps. */
export function give_up(): void {
  write('looked everywhere\n', STDERR)
  write('\x1b[31mnothing found', STDERR)
  unreachable()
}

/** Replies the message and exits with 10, as a solver does that has found something. */
export function found(): void {
  for (let length = read(); length > 0; length = read()) writeBytes(STDOUT, buffer, length)
  proc_exit(10)
}

/** Reads to the end, replies the number of bytes. */
export function slurp(): void {
  let total: usize = 0
  for (let length = read(); length > 0; length = read()) total += length
  writeNumber(total)
}

/** Returns at once: nothing read, nothing written. */
export function ignore(): void {}

/** Writes 64 KiB of '~' at a time until the host refuses, then returns the errno, so the call never succeeds. */
export function flood(): i32 {
  memory.fill(buffer, 0x7e, CAPACITY)
  let errno: u32 = 0
  while (!errno) errno = writeBytes(STDOUT, buffer, CAPACITY)
  return errno
}

/** Writes two bytes at a time to stderr, for ever. */
export function moan(): void {
  while (true) write('x\n', STDERR)
}

/** Writes one byte at a time to stdout until the host refuses. */
export function drip(): i32 {
  store<u8>(buffer, 0x7e)
  let errno: u32 = 0
  while (!errno) errno = writeBytes(STDOUT, buffer, 1)
  return errno
}

const subscription: usize = memory.data(48, 8)
const event: usize = memory.data(32, 8)
const stored: usize = memory.data(4, 4)

/** Sleeps 100 ms on the monotonic clock, then replies 'awake'. Returns 1 if the host reports anything but that one event. */
export function sleepy(): i32 {
  store<u64>(subscription, 42) // userdata, to come back in the event
  store<u8>(subscription, 0, 8) // a clock
  store<u32>(subscription, 1, 16) // monotonic
  store<u64>(subscription, 100_000_000, 24) // ns, relative
  if (poll_oneoff(subscription, event, 1, stored)) return 1
  if (load<u32>(stored) != 1 || load<u64>(event) != 42 || load<u16>(event, 8) != 0) return 1
  write('awake')
  return 0
}
