// What a program can do with WASI that knows no library: numbers, rights and pointers. Each method replies with nothing if all
// was as it should be, else with the first step that was not.
import { buffer, read, write, writeBytes } from './io'
import {
  fd_close,
  fd_fdstat_set_rights,
  fd_readdir,
  fd_renumber,
  fd_tell,
  fd_write,
  path_open,
  path_symlink,
  proc_raise,
  random_get,
  sock_shutdown,
} from './wasi_snapshot_preview1'

const ROOT: u32 = 3
const FOLLOW: u32 = 1
const CREATE: u32 = 1
const TRUNCATE: u32 = 8
const READ: u64 = 2
const WRITE: u64 = 64

const BADF: u32 = 8
const FAULT: u32 = 21
const INVAL: u32 = 28
const NOTCAPABLE: u32 = 76
const NOTSOCK: u32 = 57

const path: usize = memory.data(64)
const result: usize = memory.data(8, 8)
const iovec: usize = memory.data(8, 4)

let failed: bool = false

function check(step: string, holds: bool): void {
  if (holds || failed) return
  failed = true
  write(step)
}

/** Opens or makes a file with a name of one letter. @returns its number, or that of the errno from 1000 on. */
function open(letter: u8, rights: u64): u32 {
  store<u8>(path, letter)
  const errno = path_open(ROOT, FOLLOW, path, 1, CREATE, rights, 0, 0, result)
  return errno ? 1000 + errno : load<u32>(result)
}

/** Writes one byte. @returns the errno. */
function writeByte(fd: u32): u32 {
  store<usize>(iovec, path)
  store<usize>(iovec, 1, 4)
  return fd_write(fd, iovec, 1, result)
}

/** Numbers are used again, the lowest first, and can be given over. */
export function numbers(): void {
  const first = open(0x61, READ | WRITE)
  const second = open(0x62, READ | WRITE)
  check('the next number', second == first + 1)
  check('close', fd_close(first) == 0)
  check('closed twice', fd_close(first) == BADF)
  check('used again', open(0x63, READ | WRITE) == first)
  check('given over', fd_renumber(first, second) == 0)
  check('free', fd_close(first) == BADF)
  check('over nothing', fd_renumber(second, first) == BADF)
  check('written', writeByte(second) == 0)
  for (let i = 0; i < 10_000; i++) {
    if (open(0x61, READ) != first || fd_close(first)) check('many', false)
  }
  check('closed', fd_close(second) == 0)
}

/** Rights are those that were asked for, and never more. */
export function rights(): void {
  const fd = open(0x61, READ)
  check('no write', writeByte(fd) == BADF)
  check('no more', fd_fdstat_set_rights(fd, READ | WRITE, 0) == NOTCAPABLE)
  check('no tell', fd_tell(fd, result) == NOTCAPABLE)
  check('less', fd_fdstat_set_rights(fd, 0, 0) == 0)
  check('no listing', fd_readdir(fd, path, 64, 0, result) != 0)
  check('no socket', sock_shutdown(fd, 2) == NOTSOCK)
  check('closed', fd_close(fd) == 0)
}

/** Pointers that lead out of the memory, and counts that nobody means. */
export function pointers(): void {
  const outside: usize = (<usize>memory.size()) << 16
  check('path', path_symlink(outside, 4, ROOT, path, 1) == FAULT)
  check('edge', path_symlink(outside - 2, 4, ROOT, path, 1) == FAULT)
  check('result', path_open(ROOT, FOLLOW, path, 1, CREATE, READ, 0, 0, outside) == FAULT)
  check('list', fd_write(1, outside, 1, result) == FAULT)
  check('count', fd_write(1, iovec, 0x1000_0000, result) == INVAL)
  store<usize>(iovec, 0xffff_fff0)
  store<usize>(iovec, 64, 4)
  check('buffer', fd_write(1, iovec, 1, result) == FAULT)
  check('random', random_get(path, 0xffff_ffff) == FAULT)
}

/** Makes an empty file `/data/k`. */
export function keep(): void {
  const name = 'data/k'
  for (let i = 0; i < name.length; i++) store<u8>(path + i, name.charCodeAt(i))
  check('made', path_open(ROOT, FOLLOW, path, name.length, CREATE, WRITE, 0, 0, result) == 0)
  check('closed', fd_close(load<u32>(result)) == 0)
}

/** Writes the message to `/tmp/k`, in the place of what is there. */
export function put(): void {
  const name = 'tmp/k'
  for (let i = 0; i < name.length; i++) store<u8>(path + i, name.charCodeAt(i))
  check('opened', path_open(ROOT, FOLLOW, path, name.length, CREATE | TRUNCATE, WRITE, 0, 0, result) == 0)
  const fd = load<u32>(result)
  for (let length = read(); length > 0; length = read()) check('wrote', writeBytes(fd, buffer, length) == 0)
  check('closed', fd_close(fd) == 0)
}

/** Signals: one that is ignored, one that there is not, one that ends the process. */
export function raise(): void {
  check('ignored', proc_raise(17) == 0)
  check('none', proc_raise(99) == INVAL)
  if (!failed) proc_raise(6)
}
