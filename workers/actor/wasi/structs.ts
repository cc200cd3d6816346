import type { Descriptor, FileStat } from './descriptor.ts'
import type { GuestMemory } from './guest-memory.ts'

// Layouts of WASI preview 1: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

const FDSTAT_BYTES = 24
const FILESTAT_BYTES = 64

export function writeFdstat(
  memory: GuestMemory,
  at: number,
  { filetype, flags, rights, inheriting }: Descriptor,
): void {
  const start = memory.check(at, FDSTAT_BYTES)
  memory.setU8(start, filetype)
  memory.setU16(start + 2, flags)
  memory.setU64(start + 8, BigInt(rights))
  memory.setU64(start + 16, BigInt(inheriting))
}

export function writeFilestat(memory: GuestMemory, at: number, stat: FileStat): void {
  const start = memory.check(at, FILESTAT_BYTES)
  memory.setU64(start, stat.dev)
  memory.setU64(start + 8, stat.ino)
  memory.setU8(start + 16, stat.filetype)
  memory.setU64(start + 24, BigInt(stat.links))
  memory.setU64(start + 32, BigInt(stat.size))
  memory.setU64(start + 40, stat.accessed)
  memory.setU64(start + 48, stat.modified)
  memory.setU64(start + 56, stat.changed)
}
