// Takes memory until it gets no more.
import { write, writeNumber } from './io'
import { proc_exit } from './wasi_snapshot_preview1'

/** Grows by a page at a time until it is refused, then traps. */
export function fill(): void {
  while (memory.grow(1) >= 0) {}
  give_up()
}

/** Grows by a page at a time until it is refused, then replies how many pages there are. */
export function pages(): void {
  while (memory.grow(1) >= 0) {}
  writeNumber(memory.size())
}

/** Grows by a page at a time until it is refused, then leaves with code 2, as Go does. */
export function leave(): void {
  while (memory.grow(1) >= 0) {}
  proc_exit(2)
}

/** Traps with memory to spare. */
export function trap(): void {
  give_up()
}

/** Replies what this module is. */
export function which(): void {
  write('greedy')
}

function give_up(): void {
  unreachable()
}
