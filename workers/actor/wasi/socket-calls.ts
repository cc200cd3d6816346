import { wasi } from '@bjorn3/browser_wasi_shim'
import { descriptorWith, type WasiContext } from './context.ts'
import type { Descriptor, Later } from './descriptor.ts'
import type { WasiCall } from './guard.ts'
import { moveBytes } from './move-bytes.ts'
import type { Rights } from './rights.ts'
import { WasiError } from './wasi-error.ts'

/**
 * The functions on sockets. The only thing like a socket that a process can open is a call, a stream in both
 * directions: it can be read and written like a file, and half closed.
 */
export function socketCalls(context: WasiContext) {
  const { memory } = context

  // Decided by what the descriptor can do, not by its type: a call is a character device, and can be half closed all
  // the same.
  const socket = (fd: number): Descriptor => descriptorWith(context, fd, wasi.RIGHTS_SOCK_SHUTDOWN, wasi.ERRNO_NOTSOCK)

  /** A socket with this right, as for a file. */
  const socketWith = (fd: number, right: Rights): Descriptor => {
    socket(fd)
    return descriptorWith(context, fd, right, wasi.ERRNO_BADF)
  }

  return {
    sock_accept(fd: number): void {
      // Nobody can listen.
      socket(fd)
      throw new WasiError(wasi.ERRNO_INVAL)
    },
    sock_recv(fd: number, list: number, count: number, flags: number, done: number, outFlags: number): Later<void> {
      const descriptor = socketWith(fd, wasi.RIGHTS_FD_READ)
      // Peeking and waiting for all bytes are not offered.
      if (flags !== 0) throw new WasiError(wasi.ERRNO_NOTSUP)
      memory.setU16(outFlags, 0)
      return moveBytes(memory, { list, count, done }, true, (target) => descriptor.read(target))
    },
    sock_send(fd: number, list: number, count: number, flags: number, done: number): Later<void> {
      const descriptor = socketWith(fd, wasi.RIGHTS_FD_WRITE)
      if (flags !== 0) throw new WasiError(wasi.ERRNO_INVAL)
      return moveBytes(memory, { list, count, done }, true, (source) => descriptor.write(source))
    },
    sock_shutdown(fd: number, how: number): void {
      const descriptor = socket(fd)
      if (how < 1 || how > (wasi.SDFLAGS_RD | wasi.SDFLAGS_WR)) throw new WasiError(wasi.ERRNO_INVAL)
      descriptor.shutdown(how)
    },
  } satisfies Record<string, WasiCall>
}
