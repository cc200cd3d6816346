// Takes memory until it gets no more.
import { write, writeNumber } from './io'

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
