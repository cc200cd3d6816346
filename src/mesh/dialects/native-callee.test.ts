import type { Libp2p, Stream as Libp2pStream } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { expect, test } from 'vitest'
import { formatAddress } from '../../glia/address.ts'
import { newPid } from '../../glia/pid.ts'
import { bytes, send, text } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { RAW_PROTOCOL, ROOT_AGE_MS } from '../limits.ts'
import { glia, plainClient, type TestNode } from '../test-nodes.ts'

// Calls to peers without Glia, which do what they want with a call.

const SILENCE_MS = 300
const never = new AbortController().signal

interface Native {
  caller: TestNode
  callee: Libp2p
  /** Calls the method that `serve` handles. */
  call(message?: Uint8Array): Promise<string>
}

async function callTo(
  serve: (stream: Libp2pStream) => void,
  init: Parameters<typeof plainClient>[0] = {},
): Promise<Native> {
  const callee = await plainClient({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, ...init })
  const caller = await glia([], {}, undefined, { silenceMs: SILENCE_MS })
  const address = { host: callee.peerId.toString(), proc: newPid(), method: 'run' }
  await callee.handle(formatAddress(address), serve)
  await caller.mesh.connect(callee.getMultiaddrs()[0]?.toString() ?? '')
  return {
    caller,
    callee,
    async call(message = bytes('hi')) {
      const stream = caller.router.open(address, { caller: 'browser' })
      const [reply] = await Promise.all([readAll(stream), send(stream, message)])
      return text(reply)
    },
  }
}

test('a peer that never answers ends the call with its deadline, and its stream', async () => {
  const { caller, call } = await callTo(() => undefined)
  await expect(call()).rejects.toMatchObject({
    code: 'ERR_DEADLINE',
    message: expect.stringContaining('was silent for 300 ms') as unknown,
  })
  const open = (): string[] =>
    caller.mesh.libp2p
      .getConnections()
      .flatMap(({ streams }) => streams)
      .map(({ protocol }) => protocol)
      .filter((protocol) => protocol.startsWith(`${RAW_PROTOCOL}/`))
  await expect.poll(open).toEqual([])
})

test('a peer that takes nothing of the message ends the call with its deadline', async () => {
  const { call } = await callTo((stream) => stream.pause())
  await expect(call(new Uint8Array(2 * 1024 * 1024))).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
})

test('a peer that goes silent in the middle of its reply ends the call with its deadline', async () => {
  const { call } = await callTo((stream) => stream.send(bytes('begun')))
  await expect(call()).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
})

test('a reply that comes slowly is not cut off', async () => {
  const { call } = await callTo((stream) => {
    let left = 6
    const next = setInterval(() => {
      stream.send(bytes('.'))
      if (--left > 0) return
      clearInterval(next)
      void stream.close()
    }, SILENCE_MS / 3)
  })
  expect(await call()).toBe('......')
})

test('a caller that takes its time is not the silence of the other peer', async () => {
  const { caller, callee } = await callTo(() => undefined)
  const address = { host: callee.peerId.toString(), proc: newPid(), method: 'run' }
  await callee.handle(formatAddress(address), async (taken) => {
    taken.addEventListener('remoteCloseWrite', () => {
      taken.send(bytes('thanks'))
      void taken.close()
    })
    taken.addEventListener('message', () => undefined)
  })
  const stream = caller.router.open(address, { caller: 'browser' })
  await stream.write(bytes('begun'))
  await new Promise((resolve) => setTimeout(resolve, 3 * SILENCE_MS))
  await stream.closeWrite()
  expect(text(await readAll(stream))).toBe('thanks')
})

test('the deadline of the caller counts instead, where there is one', async () => {
  const { caller, callee } = await callTo(() => undefined)
  const address = { host: callee.peerId.toString(), proc: newPid(), method: 'run' }
  await callee.handle(formatAddress(address), (stream) => {
    const answer = setTimeout(() => {
      stream.send(bytes('late'))
      void stream.close()
    }, 2 * SILENCE_MS)
    stream.addEventListener('close', () => clearTimeout(answer))
  })
  const outcome = async (ms: number): Promise<string> => {
    const context = { chain: [], onBehalfOf: [], deadlineAt: performance.now() + ms }
    const stream = caller.router.open(address, { caller: 'browser', context })
    await send(stream, 'hi')
    return text(await readAll(stream))
  }
  expect(await outcome(20 * SILENCE_MS)).toBe('late')
  await expect(outcome(50)).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
})

test('a peer that resets at once is told as one that resets, and its connection stays', async () => {
  const { caller, callee, call } = await callTo((stream) => stream.abort(new Error('no')))
  const [before] = caller.mesh.libp2p.getConnections()
  await expect(call()).rejects.toMatchObject({ code: 'ERR_RESET' })
  expect(caller.mesh.libp2p.getConnections(callee.peerId)).toEqual([before])
})

test('a peer that resets each stream before it is negotiated is told as one that resets', async () => {
  const { call } = await callTo(() => undefined, { streamMuxers: [yamux({ maxInboundStreams: 0 })] })
  await expect(call()).rejects.toMatchObject({ code: 'ERR_RESET' })
})

test('a peer is asked once for its root process, and a new root is noticed', async () => {
  const { caller, callee } = await callTo(() => undefined)
  const host = callee.peerId.toString()
  const roots = [newPid(), newPid()]
  let asked = 0
  let root = roots[0]
  await callee.handle(RAW_PROTOCOL, (stream) => {
    asked += 1
    stream.send(bytes(`ww/0.1.0/${host}/${root}`))
    void stream.close()
  })
  const answers = await Promise.all(Array.from({ length: 20 }, () => caller.mesh.rootOf(host, never)))
  expect([new Set(answers), asked]).toEqual([new Set([roots[0]]), 1])
  root = roots[1]
  await expect.poll(() => caller.mesh.rootOf(host, never), { timeout: 10 * ROOT_AGE_MS }).toBe(roots[1])
  expect(asked).toBe(2)
})
