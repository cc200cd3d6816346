import type { MultiaddrConnection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { plainClient, relay, whereIs } from '../test-nodes.ts'
import { sendFewerWindowUpdates } from './window-updates.ts'

test('a stream that is made while its connection closes ends with it, and ends no process', async () => {
  sendFewerWindowUpdates()
  const [hub, client] = await Promise.all([relay(), plainClient()])
  const connection = await client.dial(multiaddr(whereIs(hub)))
  const { muxer } = connection as unknown as { muxer: { maConn: MultiaddrConnection; createStream(): Promise<Stream> } }
  const creating = muxer.createStream()
  // Yamux tells the other side of the stream in a task of its own.
  void muxer.maConn.close()
  expect((await creating).status).not.toBe('open')
})
