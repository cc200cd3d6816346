import { wasi } from '@bjorn3/browser_wasi_shim'
import type { Want } from '../../../src/actors/carrier/frames.ts'
import type { Mount, OpenHow } from '../files/mount.ts'
import type { GuestCall } from '../carrier/guest-call.ts'
import type { CallClient } from './call-client.ts'
import { CallFile } from './call-file.ts'
import { inoOf, CallFolder, statOf } from './call-folder.ts'
import type { CallSpace } from './call-space.ts'
import type { Descriptor, FileStat, Later } from '../wasi/descriptor.ts'
import { andThen } from '../wasi/later.ts'
import { WasiError } from '../wasi/wasi-error.ts'

/** Bytes of a listing that are read at a time. */
const PART_BYTES = 64 * 1024

/** Calls to others, or HTTP requests, as files. */
export class CallMount implements Mount {
  readonly #client: CallClient
  readonly #space: CallSpace

  constructor(client: CallClient, space: CallSpace) {
    this.#client = client
    this.#space = space
  }

  open(path: readonly string[], how: OpenHow): Later<Descriptor> {
    // Nothing can be made here: a new entry exists already, or cannot exist.
    if (how.create && how.exclusive) {
      return andThen(this.stat(path), () => {
        throw new WasiError(wasi.ERRNO_EXIST)
      })
    }
    const { isCall, keepsSlash } = this.#space
    if (!isCall(path)) return this.#openFolder(path, how)
    if (how.directory || (how.slash && !keepsSlash)) throw new WasiError(wasi.ERRNO_NOTDIR)
    return andThen(this.#ask('call', how.slash ? [...path, ''] : path), (call) => new CallFile(call, inoOf(path), how))
  }

  stat(path: readonly string[]): Later<FileStat> {
    if (this.#isAbove(path)) return statOf(this.#space, path)
    return andThen(this.#ask('look', path), (call) => {
      call.close()
      return statOf(this.#space, path)
    })
  }

  #openFolder(path: readonly string[], how: OpenHow): Later<Descriptor> {
    return andThen(this.#names(path), (names) => {
      if ((how.rights & wasi.RIGHTS_FD_WRITE) !== 0 && !how.directory && !how.slash) {
        throw new WasiError(wasi.ERRNO_ISDIR)
      }
      return new CallFolder(this.#space, path, names, how)
    })
  }

  #names(path: readonly string[]): Later<readonly string[]> {
    const { only } = this.#space
    if (path.length === 0 && only !== undefined) return [only]
    return andThen(this.#ask('names', path), (call) => readNames(call))
  }

  /** Whether it is the mount itself, or the only name in it. Both always exist. */
  #isAbove([first, ...rest]: readonly string[]): boolean {
    return rest.length === 0 && (first === undefined || first === this.#space.only)
  }

  #ask(want: Want, path: readonly string[]): Later<GuestCall> {
    return andThen(this.#client.open(want, `/${[this.#space.root, ...path].join('/')}`), (opened) => {
      if (typeof opened === 'number') throw new WasiError(opened)
      return opened
    })
  }
}

/** Reads a whole listing: one name per line. */
function readNames(call: GuestCall): Later<readonly string[]> {
  const decoder = new TextDecoder()
  const part = new Uint8Array(PART_BYTES)
  let text = ''
  const take = (read: number): Later<readonly string[]> => {
    let count = read
    while (count > 0) {
      text += decoder.decode(part.subarray(0, count), { stream: true })
      const next = call.read(part)
      if (typeof next !== 'number') return next.then(take)
      count = next
    }
    call.close()
    if (count < 0) throw new WasiError(-count)
    return text === '' ? [] : text.split('\n')
  }
  return andThen(call.read(part), take)
}
