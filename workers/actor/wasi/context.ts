import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Stdio } from '../carrier/stdio.ts'
import type { Descriptor } from './descriptor.ts'
import type { DescriptorTable } from './descriptor-table.ts'
import type { GuestMemory } from './guest-memory.ts'
import type { Rights } from './rights.ts'
import { WasiError } from './wasi-error.ts'

/** What the WASI functions of one instance work on. */
export interface WasiContext {
  readonly memory: GuestMemory
  readonly table: DescriptorTable
  /** Those of the message being handled. */
  stdio: Stdio
  /** It is a command: only its exit tells whether its reply is whole, so that to close stdout does not end it. */
  readonly isCommand: boolean
  /** Whether the standard descriptors are to look like a terminal. */
  readonly isTerminal: boolean
  /** How far the guest's monotonic clock is ahead of `performance.now()`, in ms. */
  clockAheadMs: number
  /** Whether the message has asked for files to be stored, as by `fsync`. */
  hasSynced: boolean
}

/**
 * The descriptor of a number, if these things may be done with it.
 * @throws {WasiError} BADF if it is not open; `missing` if a right is missing.
 */
export function descriptorWith(
  { table }: WasiContext,
  fd: number,
  rights: Rights,
  missing: number = wasi.ERRNO_NOTCAPABLE,
): Descriptor {
  const descriptor = table.get(fd)
  if ((descriptor.rights & rights) !== rights) throw new WasiError(missing)
  return descriptor
}
