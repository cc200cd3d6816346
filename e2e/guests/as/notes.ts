// Remembers what happened in the calls before.
import { lastRead, tryRead, write, writeNumber } from './io'
import { poll_oneoff } from './wasi_snapshot_preview1'

let naps: usize = 0
let total: usize = 0
let broken: bool = false

const subscription: usize = memory.data(48, 8)
const event: usize = memory.data(32, 8)
const stored: usize = memory.data(4, 4)

/** Sleeps 500 ms, then replies how many calls of `nap` and `nod` there were. */
export function nap(): void {
  sleep(500)
}

/** As `nap`, for 30 ms. */
export function nod(): void {
  sleep(30)
}

function sleep(ms: u64): void {
  naps++
  store<u32>(subscription, 1, 16) // a clock, monotonic
  store<u64>(subscription, ms * 1_000_000, 24) // ns, relative
  if (poll_oneoff(subscription, event, 1, stored)) return
  writeNumber(naps)
}

/** Replies how many calls of `nap` and `nod` there were. */
export function napped(): void {
  writeNumber(naps)
}

/** Replies 'go ', then does as `take`. */
export function go_take(): void {
  write('go ')
  take()
}

/** Reads as long as the host gives something, and remembers how much it was and how it ended. */
export function take(): void {
  total = 0
  let errno = tryRead()
  while (errno == 0 && lastRead() > 0) {
    total += lastRead()
    errno = tryRead()
  }
  broken = errno != 0
}

/** How the last message that `take` got ended: 'whole' or 'broken', a space, its bytes. */
export function taken(): void {
  write(broken ? 'broken ' : 'whole ')
  writeNumber(total)
}
