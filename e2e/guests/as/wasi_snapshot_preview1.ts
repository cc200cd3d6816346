// What the test guests need of WASI preview 1. AssemblyScript names the import after this file, so it needs no decorator,
// which no formatter of TypeScript would take in front of a function.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

export declare function args_get(pointers: usize, text: usize): u32
export declare function args_sizes_get(count: usize, length: usize): u32
export declare function clock_time_get(clock: u32, precision: u64, time: usize): u32
export declare function fd_close(fd: u32): u32
export declare function fd_datasync(fd: u32): u32
export declare function fd_sync(fd: u32): u32
export declare function fd_fdstat_set_rights(fd: u32, rights: u64, inheriting: u64): u32
export declare function fd_pread(fd: u32, iovecs: usize, count: u32, offset: u64, size: usize): u32
export declare function fd_read(fd: u32, iovecs: usize, count: u32, size: usize): u32
export declare function fd_readdir(fd: u32, buffer: usize, length: u32, cookie: u64, used: usize): u32
export declare function fd_renumber(from: u32, to: u32): u32
export declare function fd_tell(fd: u32, offset: usize): u32
export declare function fd_write(fd: u32, iovecs: usize, count: u32, size: usize): u32
export declare function path_open(
  fd: u32,
  lookup: u32,
  path: usize,
  length: usize,
  flags: u32,
  rights: u64,
  inheriting: u64,
  fdflags: u32,
  opened: usize,
): u32
export declare function path_symlink(target: usize, targetLength: u32, fd: u32, path: usize, length: u32): u32
export declare function poll_oneoff(subscriptions: usize, events: usize, count: u32, stored: usize): u32
export declare function proc_exit(code: u32): void
export declare function proc_raise(signal: u32): u32
export declare function random_get(buffer: usize, length: u32): u32
export declare function sock_shutdown(fd: u32, how: u32): u32
