import type { Registrar } from '@libp2p/interface-internal'
import { GliaError } from '../../glia/errors.ts'
import type { Pace } from '../../glia/wait/pace.ts'
import { SIGNALLING_PROTOCOL } from '../limits.ts'

/**
 * Has libp2p ask before it answers the signalling of a WebRTC dial. Its handler makes an RTCPeerConnection at once, a page may make 500 in
 * its life, and the connection gater is not asked. A crowd that dials at once is answered in line.
 *
 * Seen in @libp2p/webrtc 6.0.33. Upstream: not reported, see README.md.
 */
export function boundSignalling(
  budget: { admits(peer: string): boolean },
  pace?: Pace,
): (components: { registrar: Registrar }) => object {
  return ({ registrar }) => {
    const getHandler = registrar.getHandler.bind(registrar)
    registrar.getHandler = (id) => {
      const found = getHandler(id)
      if (id !== SIGNALLING_PROTOCOL) return found
      return {
        ...found,
        handler: async (stream, connection) => {
          if (!budget.admits(connection.remotePeer.toString()))
            return stream.abort(new GliaError('ERR_DENIED', 'This peer answers no more WebRTC dials now.'))
          // Making one takes a page's thread for some 30 ms.
          await pace?.turn(() => stream.status !== 'open')
          return found.handler(stream, connection)
        },
      }
    }
    return {}
  }
}
