// Keeps what it is told in a list on a heap that is collected, and in a file under /tmp that stays open.
import { buffer, read, write, writeBytes, writeNumber } from './io'
import { fd_pread, path_open } from './wasi_snapshot_preview1'

const NAME = 'tmp/notes'
// fd_pread needs the right to seek, too.
const READ: u64 = 2 | 4
const WRITE: u64 = 64
const CREATE: u32 = 1

class Note {
  constructor(
    public text: string,
    public next: Note | null,
  ) {}
}

const path: usize = memory.data(32)
const result: usize = memory.data(4, 4)
const iovec: usize = memory.data(8, 4)
const kept: usize = memory.data(1024)

let newest: Note | null = null
let count = 0
let file: u32 = 0

/** Keeps the message, and replies with the number of notes, all of them with the newest first, and the file. */
export function note(): void {
  const length = read()
  if (file == 0) file = open()
  if (length > 0) {
    newest = new Note(String.UTF8.decodeUnsafe(buffer, length), newest)
    count++
    if (writeBytes(file, buffer, length)) unreachable()
  }
  writeNumber(count)
  let at = newest
  while (at !== null) {
    write(` ${at.text}`)
    at = at.next
  }
  write(' | ')
  store<usize>(iovec, kept)
  store<usize>(iovec, 1024, 4)
  if (fd_pread(file, iovec, 1, 0, result)) unreachable()
  if (writeBytes(1, kept, load<usize>(result))) unreachable()
  __collect()
}

const ROOM: usize = 1 << 20
let room: usize = 0
let round: u32 = 0

/** Takes 1 MiB of memory, and writes all of it. */
export function fill(): void {
  if (room == 0) room = heap.alloc(ROOM)
  round++
  for (let at: usize = 0; at < ROOM; at += 4) store<u32>(room + at, <u32>at * 2654435761 + round)
}

export function nothing(): void {}

/** Changes what it keeps, and traps. */
export function trap(): void {
  newest = new Note('lost', newest)
  count++
  if (writeBytes(file, buffer, 1)) unreachable()
  unreachable()
}

function open(): u32 {
  for (let i = 0; i < NAME.length; i++) store<u8>(path + i, NAME.charCodeAt(i))
  if (path_open(3, 0, path, NAME.length, CREATE, READ | WRITE, 0, 0, result)) unreachable()
  return load<u32>(result)
}
