import { buffer, read, STDOUT, writeBytes } from './io'

/** The message comes back, at most 64 KiB a read. Returns the errno if the reply is refused. */
export function echo(): i32 {
  for (let length = read(); length > 0; length = read()) {
    const errno = writeBytes(STDOUT, buffer, length)
    if (errno) return errno
  }
  return 0
}
