import { expect, test } from 'vitest'
import { WASI_FUNCTIONS, WASI_MODULE } from '../../actors/module/wasi-names.ts'
import { listed, wishesOf } from './import-words.ts'

function wasi(...names: string[]): { module: string; name: string }[] {
  return names.map((name) => ({ module: WASI_MODULE, name }))
}

function words(imports: readonly { module: string; name: string }[], mayCall = false): Record<string, string> {
  return Object.fromEntries(wishesOf(imports, mayCall).map(({ what, words: said }) => [what, said]))
}

test('a module that imports nothing asks for nothing', () => {
  expect(wishesOf([], true)).toEqual([])
})

test('each thing is told of only if something of it is imported', () => {
  expect(words(wasi('fd_write'))).toEqual({ Messages: 'Writes its reply and its log.' })
  expect(words(wasi('fd_read', 'fd_write'))).toEqual({
    Messages: 'Reads what it is sent and writes its reply and its log.',
  })
  expect(words(wasi('proc_exit', 'sched_yield', 'fd_seek'))).toEqual({})
  expect(words(wasi('poll_oneoff'))).toEqual({ Time: 'Waits for a time or for bytes.' })
  expect(words(wasi('clock_time_get', 'clock_res_get', 'poll_oneoff'))).toEqual({
    Time: 'Reads the clock and waits for a time or for bytes.',
  })
  expect(words(wasi('random_get'))).toHaveProperty('Random numbers')
  expect(words(wasi('environ_get'))['Its start']).toMatch(/^Reads its environment\./)
  expect(words(wasi('args_get', 'environ_get'))['Its start']).toMatch(/^Reads its arguments and its environment\./)
  expect(words(wasi('sock_recv', 'sock_shutdown'))['Sockets']).toBe('Receives. There is no network for them here.')
  // `sock_shutdown` ends the message of a call to another actor. It needs no permission of its own.
  expect(words(wasi('sock_shutdown'))).toEqual({})
})

test('files are told by what is done with them, and whose they are', () => {
  expect(words(wasi('path_open'))['Files']).toBe(
    'Opens and makes files. They are its own, not this computer’s; those under /data are kept.',
  )
  expect(words(wasi('path_open', 'fd_readdir', 'path_unlink_file', 'path_remove_directory'))['Files']).toMatch(
    /^Opens and makes files, lists folders and removes them\./,
  )
})

test('who can open files could call others, which is up to the user', () => {
  expect(words(wasi('path_open'))['Other actors']).toContain('may not')
  expect(words(wasi('path_open'), true)['Other actors']).toContain('as you let it')
  expect(words(wasi('fd_read'), true)).not.toHaveProperty('Other actors')
})

test('what AssemblyScript imports is told too', () => {
  expect(words([{ module: 'env', name: 'seed' }])).toHaveProperty('Random numbers')
  expect(words([{ module: 'env', name: 'abort' }])).toEqual({})
})

test('every function of WASI together is no more than a few lines', () => {
  expect(wishesOf(wasi(...WASI_FUNCTIONS), false)).toHaveLength(7)
})

test('a list of words', () => {
  expect(listed([])).toBe('')
  expect(listed(['a'])).toBe('a')
  expect(listed(['a', 'b'])).toBe('a and b')
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c')
})
