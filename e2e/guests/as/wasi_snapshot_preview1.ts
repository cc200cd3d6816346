// What the test guests need of WASI preview 1. AssemblyScript names the import after this file, so it needs no decorator,
// which no formatter of TypeScript would take in front of a function.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

export declare function args_get(pointers: usize, text: usize): u32
export declare function args_sizes_get(count: usize, length: usize): u32
export declare function fd_close(fd: u32): u32
export declare function fd_read(fd: u32, iovecs: usize, count: u32, size: usize): u32
export declare function fd_write(fd: u32, iovecs: usize, count: u32, size: usize): u32
export declare function poll_oneoff(subscriptions: usize, events: usize, count: u32, stored: usize): u32
export declare function proc_exit(code: u32): void
