// Ends one half of its call, or both, and goes on.
import { buffer, CAPACITY, lastRead, read, STDOUT, tryRead, write, writeBytes, writeNumber } from './io'
import { fd_close, poll_oneoff } from './wasi_snapshot_preview1'

const STDIN: u32 = 0
const BADF: u32 = 8

let total: usize = 0
let broken: bool = false
let calledOff: bool = false

/** Reads once, closes stdin, and replies 4 MiB of '~'. */
export function enough(): i32 {
  read()
  if (fd_close(STDIN) || tryRead() != BADF) unreachable()
  memory.fill(buffer, 0x7e, CAPACITY)
  let errno: u32 = 0
  for (let i = 0; i < 64 && !errno; i++) errno = writeBytes(STDOUT, buffer, CAPACITY)
  return errno
}

/** Replies 'bye', closes stdout, and reads as long as the host gives something. */
export function bye(): void {
  write('bye')
  if (fd_close(STDOUT) || writeBytes(STDOUT, buffer, 1) != BADF) unreachable()
  total = 0
  let errno = tryRead()
  while (errno == 0 && lastRead() > 0) {
    total += lastRead()
    errno = tryRead()
  }
  broken = errno != 0
}

/** Replies 'part', closes stdout, and fails. */
export function close_and_fail(): i32 {
  write('part')
  return fd_close(STDOUT) ? 0 : 3
}

/** The same, and traps. */
export function close_and_trap(): void {
  write('part')
  fd_close(STDOUT)
  unreachable()
}

/** How the last message that `bye` got ended: 'whole' or 'broken', a space, its bytes. */
export function heard(): void {
  write(broken ? 'broken ' : 'whole ')
  writeNumber(total)
}

const subscription: usize = memory.data(48, 8)
const event: usize = memory.data(32, 8)
const stored: usize = memory.data(4, 4)

/** Closes stdin and stdout, then sleeps for a minute. */
export function linger(): void {
  if (fd_close(STDIN) || fd_close(STDOUT)) unreachable()
  store<u32>(subscription, 1, 16) // a clock, monotonic
  store<u64>(subscription, 60_000_000_000, 24) // ns, relative
  calledOff = poll_oneoff(subscription, event, 1, stored) != 0
}

/** Whether the host has called a sleep of `linger` off: 'yes' or 'no'. */
export function called_off(): void {
  write(calledOff ? 'yes' : 'no')
}
