// What the AssemblyScript examples need of WASI preview 1, declared by hand: a module of a few hundred bytes, with no library.
// AssemblyScript names the imported module after this file.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

export declare function args_get(pointers: usize, text: usize): u32
export declare function args_sizes_get(count: usize, length: usize): u32
export declare function environ_get(pointers: usize, text: usize): u32
export declare function environ_sizes_get(count: usize, length: usize): u32
export declare function fd_close(fd: u32): u32
export declare function fd_read(fd: u32, iovecs: usize, iovecsLength: usize, bytesRead: usize): u32
export declare function fd_write(fd: u32, iovecs: usize, iovecsLength: usize, bytesWritten: usize): u32
export declare function path_open(
  fd: u32,
  lookup: u32,
  path: usize,
  pathLength: usize,
  flags: u32,
  rights: u64,
  inheriting: u64,
  fdflags: u32,
  opened: usize,
): u32
