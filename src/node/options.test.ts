import { expect, test } from 'vitest'
import { parseOptions, UsageError } from './options.ts'

test('without flags: port 2080 of this machine only, the app in dist', () => {
  expect(parseOptions([], {})).toEqual({ http: 2080, host: '127.0.0.1', dist: 'dist' })
})

test('flags are read in both ways of writing them', () => {
  expect(parseOptions(['--http', '0', '--host=::1', '--dist', 'out'], {})).toEqual({
    http: 0,
    host: '::1',
    dist: 'out',
  })
})

test('variables are read; a flag wins; an empty variable is none', () => {
  const env = { GLIA_HTTP: '3000', GLIA_HOST: '0.0.0.0' }
  expect(parseOptions([], env)).toMatchObject({ http: 3000, host: '0.0.0.0' })
  expect(parseOptions(['--http', '4000', '--host', 'localhost'], env)).toMatchObject({ http: 4000, host: '127.0.0.1' })
  expect(parseOptions([], { GLIA_HTTP: '', GLIA_HOST: '' })).toMatchObject({ http: 2080, host: '127.0.0.1' })
})

test('--help wins over everything that is well formed', () => {
  expect(parseOptions(['--help', '--http', 'x'], {})).toBe('help')
  expect(parseOptions(['-h'], {})).toBe('help')
})

test.each([
  [['--prot', '1'], "Unknown option '--prot'. Try --help."],
  [['3000'], "Unexpected argument '3000'. Try --help."],
  [['--http'], "Option '--http <value>' argument missing. Try --help."],
  [['--http', '65536'], '--http takes a port from 0 to 65535, not "65536".'],
  [['--http', '-1'], "Option '--http' argument is ambiguous. Try --help."],
  [['--http', ''], '--http takes a port from 0 to 65535, not "".'],
  [['--host', 'example.org'], '--host takes an IP address, such as 127.0.0.1 or 0.0.0.0, not "example.org".'],
])('%j is refused: %s', (args, message) => {
  expect(() => parseOptions(args, {})).toThrow(new UsageError(message))
})

test('a bad variable is named as the variable', () => {
  expect(() => parseOptions([], { GLIA_HTTP: 'http' })).toThrow('GLIA_HTTP takes a port from 0 to 65535, not "http".')
})
