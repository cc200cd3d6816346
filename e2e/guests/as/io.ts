import { fd_read, fd_write } from './wasi_snapshot_preview1'

export const STDOUT: u32 = 1
export const STDERR: u32 = 2

export const CAPACITY: usize = 65536
export const buffer: usize = memory.data(65536)

const iovec: usize = memory.data(8, 4)
const size: usize = memory.data(4, 4)

/** One read of stdin into the buffer: the number of bytes, 0 at the end of the message. */
export function read(offset: usize = 0): usize {
  store<usize>(iovec, buffer + offset)
  store<usize>(iovec, CAPACITY - offset, 4)
  if (fd_read(0, iovec, 1, size)) unreachable()
  return load<usize>(size)
}

/** One read of stdin into the buffer that does not trap: the errno, or 0. `lastRead` tells the number of bytes. */
export function tryRead(): u32 {
  store<usize>(iovec, buffer)
  store<usize>(iovec, CAPACITY, 4)
  return fd_read(0, iovec, 1, size)
}

/** Bytes that the last `tryRead` gave. */
export function lastRead(): usize {
  return load<usize>(size)
}

/** Writes all of it and returns the first errno, or 0. */
export function writeBytes(fd: u32, address: usize, length: usize): u32 {
  while (length > 0) {
    store<usize>(iovec, address)
    store<usize>(iovec, length, 4)
    const errno = fd_write(fd, iovec, 1, size)
    if (errno) return errno
    address += load<usize>(size)
    length -= load<usize>(size)
  }
  return 0
}

/** Text on its way out has memory of its own: the buffer may hold a message. */
const letters: usize = memory.data(256)

/** Writes ASCII text of at most 256 characters. */
export function write(text: string, fd: u32 = STDOUT): void {
  for (let i = 0; i < text.length; i++) store<u8>(letters + i, text.charCodeAt(i))
  if (writeBytes(fd, letters, text.length)) unreachable()
}

/** Writes a number in decimal. */
export function writeNumber(value: usize): void {
  const end = letters + 10
  let at = end
  do {
    store<u8>(--at, 0x30 + (value % 10))
    value /= 10
  } while (value > 0)
  if (writeBytes(STDOUT, at, end - at)) unreachable()
}
