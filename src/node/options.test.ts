import { expect, test } from 'vitest'
import { UsageError } from './option-values.ts'
import { readServerOptions } from './options.ts'
import { parseOptions } from './test-options.ts'

const DEFAULTS = {
  http: 2080,
  ws: 2081,
  tcp: 2082,
  host: '127.0.0.1',
  dist: undefined,
  data: '.glia',
  name: '',
  actors: false,
  owners: [],
  announce: [],
  relays: [],
  iceServers: [],
  allowOrigins: [],
  graceSeconds: 8,
  live: undefined,
  perAddress: 64,
  circuits: 4096,
  circuitBytes: undefined,
  relayFor: 'glia',
  maxBodyBytes: 1024 ** 3,
  metricsPort: undefined,
  publicMetrics: false,
  log: 'text',
  logLevel: 'info',
  accessLog: false,
}

test('without flags: three ports of this machine only, the app in dist, its data in .glia', () => {
  expect(parseOptions([], {})).toEqual(DEFAULTS)
})

test('flags are read in both ways of writing them', () => {
  expect(
    parseOptions(['--http', '0', '--host=::1', '--dist', 'out', '--ws=1', '--tcp', '2', '--data', 'd'], {}),
  ).toEqual({
    ...DEFAULTS,
    http: 0,
    ws: 1,
    tcp: 2,
    host: '::1',
    dist: 'out',
    data: 'd',
  })
})

test('a flag without a value turns something on', () => {
  const on = { publicMetrics: true, accessLog: true }
  expect(parseOptions(['--access-log', '--public-metrics', '--public-metrics'], {})).toMatchObject(on)
  expect(parseOptions([], { GLIA_ACCESS_LOG: '1', GLIA_PUBLIC_METRICS: 'yes' })).toMatchObject(on)
})

test('variables are read; a flag wins; an empty variable is none', () => {
  const env = { GLIA_HTTP: '3000', GLIA_HOST: '0.0.0.0', GLIA_WS: '3001', GLIA_PUBLIC_METRICS: '1', GLIA_DATA: 'kept' }
  expect(parseOptions([], env)).toMatchObject({
    http: 3000,
    host: '0.0.0.0',
    ws: 3001,
    publicMetrics: true,
    data: 'kept',
  })
  expect(parseOptions(['--http', '4000', '--host', 'localhost'], env)).toMatchObject({ http: 4000, host: '127.0.0.1' })
  expect(parseOptions([], { GLIA_HTTP: '', GLIA_HOST: '' })).toMatchObject({ http: 2080, host: '127.0.0.1' })
})

test('what may be given more than once is a list, also in its variable', () => {
  const a = '/dns4/a.example/tcp/443/wss'
  const b = '/ip4/10.0.0.1/tcp/2082'
  expect(parseOptions(['--relay', a, '--relay', b], {})).toMatchObject({ relays: [a, b] })
  expect(parseOptions([], { GLIA_RELAY: ` ${a}  ${b} ` })).toMatchObject({ relays: [a, b] })
  expect(parseOptions(['--announce', a, '--allow-origin', 'https://a.example/'], {})).toMatchObject({
    announce: [a],
    allowOrigins: ['https://a.example'],
  })
})

test('STUN and TURN servers are in the form that browsers take', () => {
  const flags = ['stun:stun.example.org', 'turn:me:p%40ss@turn.example.org:3478?transport=tcp', 'turns:u:p@[::1]:5349']
  expect(
    parseOptions(
      flags.flatMap((url) => ['--ice', url]),
      {},
    ),
  ).toMatchObject({
    iceServers: [
      { urls: 'stun:stun.example.org' },
      { urls: 'turn:turn.example.org:3478?transport=tcp', username: 'me', credential: 'p@ss' },
      { urls: 'turns:[::1]:5349', username: 'u', credential: 'p' },
    ],
  })
})

test.each([['500'], ['64K'], ['64M'], ['2G'], ['2GiB']])('a size may be written %s', (size) => {
  expect(parseOptions(['--max-body', size], {})).toMatchObject({ maxBodyBytes: expect.any(Number) as number })
})

test.each([
  [['--http', '65536'], '--http takes a port from 0 to 65535, not "65536".'],
  [['--http', '-1'], '--http takes a port from 0 to 65535, not "-1".'],
  [['--http', ''], '--http takes a port from 0 to 65535, not "".'],
  [['--ws', 'x'], '--ws takes a port from 0 to 65535, not "x".'],
  [['--relay', 'example.org'], '--relay takes a multiaddr, such as /dns4/example.org/tcp/443/wss, not "example.org".'],
  [
    ['--ice', 'turn:example.org'],
    '--ice takes stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT, not "turn:example.org".',
  ],
  [['--ice', 'stun:a:secret@b'], '--ice takes stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT, not "stun:a:••••@b".'],
  [
    ['--allow-origin', 'https://a.example/x'],
    '--allow-origin takes the origin of a site, such as https://example.org, not "https://a.example/x".',
  ],
  [['--per-address', '0'], '--per-address takes a number from 1 on, not "0".'],
  [['--live', '101'], '--live takes at most 100, not "101".'],
  [['--circuits', '-'], '--circuits takes a number from 1 on, not "-".'],
  [['--circuit-bytes', '1T'], '--circuit-bytes takes a size, such as 500K, 64M or 1G, not "1T".'],
  [['--relay-for', 'all'], '--relay-for is glia or any, not "all".'],
  [['--log', 'xml'], '--log is text or json, not "xml".'],
  [['--log-level', 'all'], '--log-level is debug or info or warn, not "all".'],
  [['--max-body', '0'], '--max-body takes a size, such as 500K, 64M or 1G, not "0".'],
  [['--host', 'example.org'], '--host takes an IP address, such as 127.0.0.1 or 0.0.0.0, not "example.org".'],
])('%j is refused: %s', (args, message) => {
  expect(() => parseOptions(args, {})).toThrow(new UsageError(message))
})

test('a bad variable is named as the variable', () => {
  expect(() => parseOptions([], { GLIA_HTTP: 'http' })).toThrow('GLIA_HTTP takes a port from 0 to 65535, not "http".')
})

test('settings that a program gives are read as those of flags', () => {
  expect(readServerOptions({})).toEqual(DEFAULTS)
  const given = { http: 0, host: 'localhost', allowOrigins: ['*'], data: undefined, relays: '/ip4/127.0.0.1/tcp/1' }
  expect(readServerOptions(given)).toEqual({
    ...DEFAULTS,
    http: 0,
    host: '127.0.0.1',
    allowOrigins: ['*'],
    relays: ['/ip4/127.0.0.1/tcp/1'],
  })
})

test.each([
  // Node would listen on a socket in the file system.
  [{ http: 'abc' }, 'http takes a port from 0 to 65535, not "abc".'],
  [{ ws: -1 }, 'ws takes a port from 0 to 65535, not "-1".'],
  [{ tcp: null }, 'tcp takes a port from 0 to 65535, not "null".'],
  [{ http: [1, 2] }, 'http takes one value, not 2.'],
  [{ data: '' }, 'data takes the path of a folder, not "".'],
  [{ allowOrigins: ['example.org'] }, /^allowOrigins takes the origin of a site/],
  [{ relays: ['nonsense'] }, /^relays takes a multiaddr/],
  [{ htpp: 0 }, 'There is no setting “htpp”.'],
])('%j is refused', (given, words) => {
  expect(() => readServerOptions(given)).toThrow(words)
})
