import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { expect } from '@playwright/test'
import { finished, newDataFolder, printedUrl, serve, startServer, test } from './server.ts'

const ECHO = 'ww/0.1.0/self/root/echo'

async function status(url: string): Promise<string> {
  return (await fetch(new URL('status', url))).text()
}

test('curl gets an answer from the process of the server, while it still sends', async ({ server }) => {
  const call = request(new URL(ECHO, server.url), { method: 'POST' })
  call.write('one')
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  for (const text of ['one', 'two', 'three']) {
    if (text !== 'one') call.write(text)
    const [chunk] = (await once(reply, 'data')) as [Buffer]
    expect(chunk.toString()).toBe(text)
  }
  call.end()
  await once(reply, 'end')
})

test('a megabyte goes through the process of the server and back', async ({ server }) => {
  const message = new Uint8Array(1_000_000).map((_byte, index) => index % 251)
  const reply = await fetch(new URL(ECHO, server.url), { method: 'POST', body: message })
  expect(Buffer.compare(new Uint8Array(await reply.arrayBuffer()), message)).toBe(0)
})

test('a page is told where the relay is', async ({ server }) => {
  const [, , peer] = (await status(server.url)).split('/')
  const known = (await (await fetch(new URL('.well-known/glia.json', server.url))).json()) as object
  expect(known).toEqual({
    version: 'ww/0.1.0',
    peer,
    relays: [expect.stringMatching(new RegExp(String.raw`^/ip4/127\.0\.0\.1/tcp/\d+/ws/p2p/${peer}$`)) as unknown],
  })
})

test('a server that is started again is the same peer, with the same process', async () => {
  const data = newDataFolder()
  const first = await startServer('--data', data)
  const before = await status(first.url)
  await first.stop()
  const second = await startServer('--data', data)
  expect(await status(second.url)).toBe(before)
  await second.stop()
})

for (const door of ['ws', 'tcp'] as const) {
  test(`a port of --${door} that is taken is one clear line and exit code 1`, async ({ server }) => {
    const { port } = new URL(server.url)
    expect(await finished(serve(['--http', '0', `--${door}`, port]))).toEqual({
      code: 1,
      stdout: '',
      stderr: `Port ${port} of 127.0.0.1 is in use: choose another one with --${door} PORT (0 = any).\n`,
    })
  })
}

test('Ctrl-C ends it, with a call under way and connections to its relay', async () => {
  test.skip(process.platform === 'win32', 'Windows has no signals')
  const command: ChildProcess = serve(['--http', '0'])
  const url = await printedUrl(command)
  const call = request(new URL(ECHO, url), { method: 'POST' }).on('error', () => undefined)
  call.write('x')
  const [reply] = (await once(call, 'response')) as [IncomingMessage]
  reply.on('error', () => undefined)
  const { Addrs } = (await (await fetch(new URL('info', url))).json()) as { Addrs: string[] }
  for (const address of Addrs) {
    const socket = connect(Number(/tcp\/(\d+)/.exec(address)?.[1]), '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
  }
  // The call alone would hold the server for a minute, which is longer than this test may take.
  command.kill('SIGINT')
  const [code] = (await once(command, 'close')) as [number | null]
  expect(code).toBe(0)
})
