import { HEAD_BYTES } from './module-source.ts'

const TAR_MAGIC_AT = 257

const BINARY: readonly { magic: readonly number[]; at?: number; is: string }[] = [
  { magic: [0x1f, 0x8b], is: 'a gzip archive in a gzip archive: unpack it first' },
  { magic: [0x50, 0x4b, 0x03, 0x04], is: 'a zip archive: unpack it, and give the .wasm file that is in it' },
  {
    magic: [0x75, 0x73, 0x74, 0x61, 0x72],
    at: TAR_MAGIC_AT,
    is: 'a tar archive: unpack it, and give the .wasm file that is in it',
  },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], is: 'packed with zstd: unpack it first (zstd -d)' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], is: 'packed with xz: unpack it first (unxz)' },
  { magic: [0x42, 0x5a, 0x68], is: 'packed with bzip2: unpack it first (bunzip2)' },
  {
    magic: [0x7f, 0x45, 0x4c, 0x46],
    is: 'a native program (ELF), or compiled ahead of time: build it for wasm32-wasip1',
  },
  { magic: [0xcf, 0xfa, 0xed, 0xfe], is: 'a native program (Mach-O): build it for wasm32-wasip1' },
  { magic: [0x4d, 0x5a], is: 'a native program (Windows): build it for wasm32-wasip1' },
  { magic: [0x42, 0x43, 0xc0, 0xde], is: 'LLVM bitcode: link it to a module first' },
]

/** How texts begin, after white space and comments. */
const TEXT: readonly { start: RegExp; is: string }[] = [
  { start: /^\(\s*module/, is: 'WebAssembly as text (.wat): make a module of it with wat2wasm' },
  { start: /^\(\s*component/, is: 'a component as text: Glia runs core modules, built for wasm32-wasip1' },
  { start: /^<(!doctype|html)/i, is: 'an HTML page: the download may have failed' },
  { start: /^version https:\/\/git-lfs/, is: 'a Git LFS pointer, and not the file itself: get it with git lfs pull' },
]

/** The kind of a file that is no module, as the rest of a sentence; undefined if it is unknown. */
export function fileKind(bytes: Uint8Array): string | undefined {
  const found = BINARY.find(({ magic, at = 0 }) => magic.every((byte, i) => bytes[at + i] === byte))
  if (found) return found.is
  const text = new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES)).replace(/^(\s+|;;[^\n]*\n|\(;[^]*?;\))+/, '')
  return TEXT.find(({ start }) => start.test(text))?.is
}
