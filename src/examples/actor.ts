// What an actor needs to read messages, write replies and call others, as text. It is made for short programs.
import { buffer, BUFFER_LENGTH, read, STDERR, STDOUT, write } from './io'
import { fd_close, fd_read, path_open } from './wasi_snapshot_preview1'

/** The first descriptor after the standard ones is the root directory. */
const ROOT: u32 = 3
const READ: u64 = 1 << 1
const WRITE: u64 = 1 << 6

const iovec: usize = memory.data(8, 4)
const count: usize = memory.data(4, 4)

/** The whole message. */
export function message(): string {
  let bytes = new Uint8Array(0)
  let length = read(buffer, BUFFER_LENGTH)
  while (length > 0) {
    bytes = joined(bytes, length)
    length = read(buffer, BUFFER_LENGTH)
  }
  return String.UTF8.decode(bytes.buffer)
}

/** Writes text to the reply. Several calls write one text behind the other. */
export function reply(text: string): void {
  writeText(STDOUT, text)
}

/** Writes a line to the log of the process. */
export function log(text: string): void {
  writeText(STDERR, text + '\n')
}

/** Ends the message as failed. The log has the text. */
export function fail(text: string): void {
  log(text)
  unreachable()
}

/**
 * Calls a method of another process and returns its reply. The policy of this process must allow calls. A failure ends
 * the message.
 * @param address `/ww/0.1.0/{peer}/{process}/{method}`
 */
export function ask(address: string, text: string): string {
  const path = String.UTF8.encode(address.startsWith('/') ? address.slice(1) : address)
  const refused = path_open(ROOT, 0, changetype<usize>(path), path.byteLength, 0, READ | WRITE, 0, 0, count)
  if (refused != 0) fail(address + ' cannot be called: errno ' + refused.toString())
  const fd = load<u32>(count)
  writeText(fd, text)
  let bytes = new Uint8Array(0)
  for (;;) {
    store<u32>(iovec, <u32>buffer)
    store<u32>(iovec, <u32>BUFFER_LENGTH, 4)
    const failed = fd_read(fd, iovec, 1, count)
    if (failed != 0) fail('The call of ' + address + ' failed: errno ' + failed.toString())
    const length: usize = load<u32>(count)
    if (length == 0) break
    bytes = joined(bytes, length)
  }
  fd_close(fd)
  return String.UTF8.decode(bytes.buffer)
}

/** What came before, and then the first bytes of the buffer. */
function joined(before: Uint8Array, length: usize): Uint8Array {
  const all = new Uint8Array(before.length + <i32>length)
  all.set(before)
  memory.copy(all.dataStart + before.length, buffer, length)
  return all
}

function writeText(fd: u32, text: string): void {
  const bytes = String.UTF8.encode(text)
  write(fd, changetype<usize>(bytes), bytes.byteLength)
}
