// Numbers its entries, and replies with a number when it is told that the entry is on the disk.
import { STDOUT, writeBytes, writeNumber } from './io'
import { fd_close, fd_datasync, fd_read, fd_sync, path_open } from './wasi_snapshot_preview1'

const ROOT: u32 = 3
const CREATE: u32 = 1
const READ: u64 = 2
const WRITE: u64 = 64
const SYNC: u64 = 1 << 4
const DATASYNC: u64 = 1
const APPEND: u32 = 1
const DSYNC: u32 = 2

/** Entries have 8 bytes. */
const ENTRY: usize = 8
const path: usize = memory.data(16)
const result: usize = memory.data(8, 8)
const entry: usize = memory.data(8, 8)
const room: usize = memory.data(4096, 8)
const iovec: usize = memory.data(8, 4)

let file: u32 = 0
let entries: usize = 0

function open(flags: u32): u32 {
  const name = 'data/ledger'
  for (let i = 0; i < name.length; i++) store<u8>(path + i, name.charCodeAt(i))
  const errno = path_open(ROOT, 1, path, name.length, CREATE, READ | WRITE | SYNC | DATASYNC, 0, flags, result)
  file = load<u32>(result)
  return errno
}

/** How many entries there are. */
function counted(): usize {
  if (open(0)) unreachable()
  let bytes: usize = 0
  for (;;) {
    store<usize>(iovec, room)
    store<usize>(iovec, 4096, 4)
    if (fd_read(file, iovec, 1, result)) unreachable()
    const count = load<usize>(result)
    if (count == 0) break
    bytes += count
  }
  fd_close(file)
  return bytes / ENTRY
}

function append(): u32 {
  let left = ++entries
  for (let i: usize = 0; i < ENTRY - 1; i++) {
    store<u8>(entry + ENTRY - 2 - i, 0x30 + <u8>(left % 10))
    left /= 10
  }
  store<u8>(entry + ENTRY - 1, 0x0a)
  return writeBytes(file, entry, ENTRY)
}

/** Makes entries until nobody reads the numbers any more, each with fsync. */
export function fill(): void {
  entries = counted()
  if (open(APPEND)) unreachable()
  while (append() == 0 && fd_sync(file) == 0 && writeBytes(STDOUT, entry, ENTRY) == 0) {}
  fd_close(file)
}

/** The same with O_DSYNC and no fsync. */
export function fill_dsync(): void {
  entries = counted()
  if (open(APPEND | DSYNC)) unreachable()
  while (append() == 0 && writeBytes(STDOUT, entry, ENTRY) == 0) {}
  fd_close(file)
}

/** Makes one entry with fdatasync. Replies what that returned. */
export function once(): void {
  if (open(APPEND)) unreachable()
  if (append()) unreachable()
  writeNumber(fd_datasync(file))
  fd_close(file)
}

/** Replies what an open with O_DSYNC returns. */
export function try_dsync(): void {
  const errno = open(APPEND | DSYNC)
  writeNumber(errno)
  if (errno == 0) fd_close(file)
}

/** Replies how many entries there are. */
export function count(): void {
  writeNumber(counted())
}
