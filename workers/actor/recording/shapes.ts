/**
 * The parameters of the functions of WASI preview 1, a letter for each, in the order of the witx files:
 * `v` a number; `s` a text (pointer, length); `w` and `r` lists of buffers to write and to read (pointer, count);
 * `b` a buffer that is filled (pointer, length); `-` a pointer of no interest.
 * Places for results: `u` 4 bytes, which also count the bytes of a list or buffer that are used; `h` 2, `d` 8, `f` 24, `F` 64.
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
export const SHAPES: Readonly<Record<string, string>> = {
  args_get: '--',
  args_sizes_get: '--',
  environ_get: '--',
  environ_sizes_get: '--',
  clock_res_get: 'vd',
  clock_time_get: 'vvd',
  fd_advise: 'vvvv',
  fd_allocate: 'vvv',
  fd_close: 'v',
  fd_datasync: 'v',
  fd_fdstat_get: 'vf',
  fd_fdstat_set_flags: 'vv',
  fd_fdstat_set_rights: 'vvv',
  fd_filestat_get: 'vF',
  fd_filestat_set_size: 'vv',
  fd_filestat_set_times: 'vvvv',
  fd_pread: 'vrvu',
  fd_prestat_get: 'vd',
  fd_prestat_dir_name: 'vb',
  fd_pwrite: 'vwvu',
  fd_read: 'vru',
  fd_readdir: 'vbvu',
  fd_renumber: 'vv',
  fd_seek: 'vvvd',
  fd_sync: 'v',
  fd_tell: 'vd',
  fd_write: 'vwu',
  path_create_directory: 'vs',
  path_filestat_get: 'vvsF',
  path_filestat_set_times: 'vvsvvv',
  path_link: 'vvsvs',
  path_open: 'vvsvvvvu',
  path_readlink: 'vsbu',
  path_remove_directory: 'vs',
  path_rename: 'vsvs',
  path_symlink: 'svs',
  path_unlink_file: 'vs',
  // Subscriptions, events, their count, and the number of events that happened: `polled` of `transfer.ts`.
  poll_oneoff: 'P',
  proc_exit: 'v',
  proc_raise: 'v',
  sched_yield: '',
  random_get: 'b',
  sock_accept: 'vvu',
  sock_recv: 'vrvuh',
  sock_send: 'vwvu',
  sock_shutdown: 'vv',
}

/** Functions whose results follow from the arguments, the environment and what they are given. They are run in a replay, too. */
export const DETERMINED: ReadonlySet<string> = new Set([
  'args_get',
  'args_sizes_get',
  'environ_get',
  'environ_sizes_get',
  'proc_exit',
  'proc_raise',
])
