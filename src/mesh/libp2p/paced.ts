import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions } from '@libp2p/interface'
import { nextTask } from '../../glia/wait/next-task.ts'
import type { Pace } from '../../glia/wait/pace.ts'

/**
 * Has an encrypter wait for a turn before the handshake of a connection that another peer makes. A handshake is some
 * milliseconds of arithmetic, and hundreds of peers may come at once. While one waits, its bytes wait in its stream. What
 * follows a handshake of this peer's own has a task of its own.
 */
export function paced<T>(
  make: (components: T) => ConnectionEncrypter,
  pace: Pace | undefined,
): (components: T) => ConnectionEncrypter {
  if (!pace) return make
  return (components) => {
    const encrypter = make(components)
    const outbound = encrypter.secureOutbound.bind(encrypter)
    const inbound = encrypter.secureInbound.bind(encrypter)
    encrypter.secureOutbound = async (connection: MessageStream, options?: SecureConnectionOptions) => {
      const secured = await outbound(connection, options)
      await nextTask()
      return secured
    }
    encrypter.secureInbound = async (connection: MessageStream, options?: SecureConnectionOptions) => {
      await pace.turn(() => connection.status !== 'open' || options?.signal?.aborted === true)
      return inbound(connection, options)
    }
    return encrypter
  }
}
