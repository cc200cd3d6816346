// Calls another process by opening a file.
import { buffer, CAPACITY, read, STDOUT, write, writeBytes, writeNumber } from './io'
import { fd_close, fd_read, path_open } from './wasi_snapshot_preview1'

/** The first descriptor after the standard ones: the root directory. */
const ROOT: u32 = 3
const READ: u64 = 1 << 1
const WRITE: u64 = 1 << 6

const opened: usize = memory.data(4, 4)
const iovec: usize = memory.data(8, 4)
const size: usize = memory.data(4, 4)

/** The message is a path from the root on without its first slash, a newline, and what is asked. Replies what it is told. */
export function ask(): void {
  const errno = tell()
  if (errno == 0) return
  write('errno ')
  writeNumber(errno)
}

/** Like `ask`, but fails with the errno. */
export function insist(): i32 {
  return tell() as i32
}

const NOTES: usize = 16384
const notes: usize = memory.data(16384)
let noted: usize = 0

/** Keeps the message, as a line, as far as there is room. */
export function note(): void {
  for (let length = read(); length > 0; length = read()) {
    length = min(length, NOTES - noted - 1)
    memory.copy(notes + noted, buffer, length)
    noted += length
  }
  store<u8>(notes + noted++, 0x0a)
}

/** Replies what was kept. */
export function told(): void {
  if (writeBytes(STDOUT, notes, noted)) unreachable()
}

/** The message is a path. Sends it an empty object as a line, and then 2 MiB. Replies the errno with which that failed. */
export function pour(): void {
  let length: usize = 0
  for (let n = read(); n > 0; n = read(length)) length += n
  if (path_open(ROOT, 0, buffer, length, 0, READ | WRITE, 0, 0, opened)) unreachable()
  const fd = load<u32>(opened)
  write('{}\n', fd)
  let errno: u32 = 0
  for (let i = 0; i < 32 && !errno; i++) errno = writeBytes(fd, buffer, CAPACITY)
  store<usize>(iovec, buffer)
  store<usize>(iovec, CAPACITY, 4)
  if (!errno) errno = fd_read(fd, iovec, 1, size)
  fd_close(fd)
  writeNumber(errno)
}

/** Like `ask`, and then traps. */
export function ask_and_trap(): void {
  tell()
  unreachable()
}

/** @returns the errno with which the call failed, or 0. */
function tell(): u32 {
  let length: usize = 0
  for (let n = read(); n > 0; n = read(length)) length += n
  let line: usize = 0
  while (line < length && load<u8>(buffer + line) != 0x0a) line++
  const errno = path_open(ROOT, 0, buffer, line, 0, READ | WRITE, 0, 0, opened)
  if (errno) return errno
  const fd = load<u32>(opened)
  const refused = line < length ? writeBytes(fd, buffer + line + 1, length - line - 1) : 0
  if (refused) {
    fd_close(fd)
    return refused
  }
  for (;;) {
    store<usize>(iovec, buffer)
    store<usize>(iovec, CAPACITY, 4)
    const failed = fd_read(fd, iovec, 1, size)
    if (failed) {
      fd_close(fd)
      return failed
    }
    if (load<usize>(size) == 0) break
    if (writeBytes(STDOUT, buffer, load<usize>(size))) unreachable()
  }
  if (fd_close(fd)) unreachable()
  return 0
}
