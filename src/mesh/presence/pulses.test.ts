import { multiaddr } from '@multiformats/multiaddr'
import { PING_PROTOCOL } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { expect, test } from 'vitest'
import { Pulses } from './pulses.ts'
import { plainClient } from '../test-nodes.ts'

test('a connection is watched until all that watch it have ended their watch', async () => {
  const [client, relay] = await Promise.all([
    plainClient(),
    plainClient({ transports: [tcp()], addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } }),
  ])
  const connection = await client.dial(multiaddr(relay.getMultiaddrs()[0]?.toString()))
  const pulses = new Pulses({ hidden: () => false })
  const beats = (): boolean => connection.streams.some(({ protocol }) => protocol === PING_PROTOCOL)
  const [first, second] = [pulses.watch(connection), pulses.watch(connection)]
  first()
  first()
  pulses.now()
  await expect.poll(beats).toBe(true)
  second()
  await expect.poll(beats).toBe(false)
  pulses.now()
  // A new watch has a pulse of its own, which an old watch does not end.
  const third = pulses.watch(connection)
  second()
  pulses.now()
  await expect.poll(beats).toBe(true)
  third()
})
