// For tests: a line to a server that can lose everything silently, as networks do.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy. */
export interface BlackHole {
  readonly port: number
  /** From now on nothing passes, and nobody is told. Existing connections never carry anything again. */
  swallow(): void
  /** New connections pass again. */
  restore(): void
  end(): Promise<void>
}

export async function blackHole(target: number): Promise<BlackHole> {
  const sockets = new Set<Socket>()
  let swallowing = false
  const proxy = createServer((near) => {
    sockets.add(near.on('error', () => undefined))
    if (swallowing) return
    const far = connect(target, '127.0.0.1')
    sockets.add(far.on('error', () => undefined))
    near.pipe(far)
    far.pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.once('close', () => !swallowed.has(one) && other.destroy())
    }
  })
  const swallowed = new WeakSet<Socket>()
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as AddressInfo).port,
    swallow() {
      swallowing = true
      for (const socket of sockets) {
        swallowed.add(socket)
        socket.unpipe()
        // Bytes are read and dropped, so that the sender notices nothing.
        socket.resume()
      }
    },
    restore() {
      swallowing = false
    },
    async end() {
      proxy.close()
      for (const socket of sockets) socket.destroy()
      await once(proxy, 'close')
    },
  }
}
