// A command module: its code is `_start`, which runs once in an instance.
import { buffer, CAPACITY, read, STDOUT, write, writeBytes } from './io'
import { args_get, args_sizes_get, proc_exit } from './wasi_snapshot_preview1'

const MAX_ARGS: u32 = 64
const MAX_TEXT: u32 = 4096
const pointers: usize = memory.data(256, 4)
const text: usize = memory.data(4096)
const count: usize = memory.data(4, 4)
const textLength: usize = memory.data(4, 4)

/** Args joined by spaces, a newline, stdin in ASCII upper case. Takes 64 args of 4 KiB in all, and 64 KiB of stdin. */
function main(): void {
  const length = readAll()
  if (isFail(length)) proc_exit(4)
  writeArgs()
  write('\n')
  for (let at = buffer; at < buffer + length; at++) {
    const letter = load<u8>(at)
    if (letter >= 0x61 && letter <= 0x7a) store<u8>(at, letter - 0x20)
  }
  if (writeBytes(STDOUT, buffer, length)) unreachable()
}

function readAll(): usize {
  let length: usize = 0
  for (let n = read(); n > 0; n = read(length)) {
    length += n
    if (length == CAPACITY) unreachable()
  }
  return length
}

/** 'fail', read as one little-endian number. */
function isFail(length: usize): bool {
  return length == 4 && load<u32>(buffer) == 0x6c696166
}

function writeArgs(): void {
  if (args_sizes_get(count, textLength)) unreachable()
  const args = load<u32>(count)
  if (args > MAX_ARGS || load<u32>(textLength) > MAX_TEXT) unreachable()
  if (args_get(pointers, text)) unreachable()
  for (let i: u32 = 0; i < args; i++) {
    if (i > 0) write(' ')
    const start = load<usize>(pointers + (i << 2))
    let end = start
    while (load<u8>(end)) end++
    if (writeBytes(STDOUT, start, end - start)) unreachable()
  }
}

main()
