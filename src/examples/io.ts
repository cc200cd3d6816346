import { fd_read, fd_write } from './wasi_snapshot_preview1'

const STDIN: u32 = 0
export const STDOUT: u32 = 1
export const STDERR: u32 = 2

/** As large as a chunk gets on the way here, so that a long message takes few calls into the host. */
export const BUFFER_LENGTH: usize = 65536

/** The one buffer of the module: an actor handles one message at a time. */
export const buffer: usize = heap.alloc(BUFFER_LENGTH)

const iovec: usize = memory.data(8, 4)
const count: usize = memory.data(4, 4)

/** Reads what has arrived, at most `length` bytes. 0 means the message has ended. */
export function read(address: usize, length: usize): usize {
  store<u32>(iovec, <u32>address)
  store<u32>(iovec, <u32>length, 4)
  if (fd_read(STDIN, iovec, 1, count) != 0) unreachable()
  return load<u32>(count)
}

/** Writes all of it: the host may take less than it is given. */
export function write(fd: u32, address: usize, length: usize): void {
  while (length > 0) {
    store<u32>(iovec, <u32>address)
    store<u32>(iovec, <u32>length, 4)
    if (fd_write(fd, iovec, 1, count) != 0) unreachable()
    const written: usize = load<u32>(count)
    address += written
    length -= written
  }
}
