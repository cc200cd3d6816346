// root: the process every peer starts with.
import { buffer, BUFFER_LENGTH, read, STDOUT, write } from './io'
import { args_get, args_sizes_get, environ_get, environ_sizes_get } from './wasi_snapshot_preview1'

const ARG = memory.data<u8>([0x61, 0x72, 0x67, 0x20]) // 'arg '
const ENV = memory.data<u8>([0x65, 0x6e, 0x76, 0x20]) // 'env '
const NEWLINE = memory.data<u8>([0x0a])

const count: usize = memory.data(4, 4)
const textLength: usize = memory.data(4, 4)

/** The message comes back as it arrives. */
export function echo(): void {
  let length = read(buffer, BUFFER_LENGTH)
  while (length > 0) {
    write(STDOUT, buffer, length)
    length = read(buffer, BUFFER_LENGTH)
  }
}

/** What this process was started with: a line `arg …` for each argument, then `env NAME=value` for each variable. */
export function about(): void {
  if (args_sizes_get(count, textLength) != 0) unreachable()
  const args = list()
  if (args_get(args, text(args)) != 0) unreachable()
  print(ARG, args)
  heap.free(args)

  if (environ_sizes_get(count, textLength) != 0) unreachable()
  const environ = list()
  if (environ_get(environ, text(environ)) != 0) unreachable()
  print(ENV, environ)
  heap.free(environ)
}

/** Room for `count` pointers and, behind them, the strings they point at. */
function list(): usize {
  return heap.alloc(((<usize>load<u32>(count)) << 2) + load<u32>(textLength))
}

function text(list: usize): usize {
  return list + ((<usize>load<u32>(count)) << 2)
}

function print(label: usize, list: usize): void {
  const end = text(list)
  for (let pointer = list; pointer < end; pointer += 4) {
    const start: usize = load<u32>(pointer)
    let stop = start
    while (load<u8>(stop) != 0) stop++
    write(STDOUT, label, 4)
    write(STDOUT, start, stop - start)
    write(STDOUT, NEWLINE, 1)
  }
}
