import type { CreateListenerOptions, Listener, MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { GliaError } from '../../glia/errors.ts'
import { Rate } from '../../mesh/dial/rate.ts'
import { JOINS_PER_SECOND, MAX_HANDSHAKE_BYTES, MAX_HANDSHAKES } from '../limits.ts'
import type { RefusalObserver } from '../metrics/metrics.ts'
import { socketOf } from '../patches/raw-socket.ts'
import { networkAt, shareOf } from './networks.ts'
import { Quota } from './quota.ts'
import { Unfinished } from './unfinished.ts'

export interface ConnectionGuardInit {
  /** Open connections of one network. */
  readonly connectionsPerNetwork: number
  /** Handshakes of one network that are under way. */
  readonly handshakesPerNetwork: number
  readonly observer: RefusalObserver
}

/**
 * Counts the connections of each network at libp2p's ports. libp2p itself limits only all handshakes together, so
 * silent connections of one host would shut out everybody else. It also does not limit what it reads before a handshake
 * is over.
 */
export class ConnectionGuard {
  /** Connections whose handshake is not over, and sockets that may become such. */
  readonly unfinished: Unfinished
  readonly #quota: Quota
  readonly #rate = new Rate({ perSecond: JOINS_PER_SECOND, burst: JOINS_PER_SECOND })
  readonly #observer: RefusalObserver

  constructor({ connectionsPerNetwork, handshakesPerNetwork, observer }: ConnectionGuardInit) {
    this.#observer = observer
    this.#quota = new Quota(connectionsPerNetwork)
    this.unfinished = new Unfinished({ perNetwork: handshakesPerNetwork, inAll: MAX_HANDSHAKES }, () =>
      observer.refused('handshake'),
    )
  }

  /** Guards the listeners of a transport. */
  guard<T>(make: (components: T) => Transport): (components: T) => Transport {
    return (components) => {
      const transport = make(components)
      const createListener = transport.createListener.bind(transport)
      transport.createListener = (options: CreateListenerOptions): Listener =>
        createListener({ ...options, upgrader: this.#guarded(options.upgrader) })
      return transport
    }
  }

  #guarded(upgrader: Upgrader): Upgrader {
    const upgradeInbound: Upgrader['upgradeInbound'] = (connection, options) =>
      this.#admit(connection, () => upgrader.upgradeInbound(connection, options))
    // Listeners use nothing else of it.
    return { upgradeInbound } as Upgrader
  }

  async #admit(connection: MultiaddrConnection, upgrade: () => Promise<void>): Promise<void> {
    const network = networkAt(connection.remoteAddr)
    const giveBack = this.#rate.admits(network, Date.now(), shareOf(network, 1)) ? this.#quota.take(network) : undefined
    if (!giveBack) {
      this.#observer.refused('connection')
      end(connection)
      throw new GliaError('ERR_DENIED', 'This address has too many connections.')
    }
    const finished = this.unfinished.add(network, () => end(connection))
    const unbounded = boundBytes(connection)
    connection.addEventListener('close', giveBack)
    try {
      await upgrade()
    } catch (thrown) {
      // A WebSocket that is closed waits half a minute for the other side.
      end(connection)
      giveBack()
      throw thrown
    } finally {
      finished()
      unbounded()
    }
  }
}

function end(connection: MultiaddrConnection): void {
  socketOf(connection)?.resetAndDestroy()
}

/** Ends a connection that sends more than a handshake. @returns a function that removes the limit */
function boundBytes(connection: MultiaddrConnection): () => void {
  const socket = socketOf(connection)
  const check = (): void => {
    if (socket && socket.bytesRead > MAX_HANDSHAKE_BYTES) end(connection)
  }
  socket?.on('data', check)
  return () => socket?.off('data', check)
}
