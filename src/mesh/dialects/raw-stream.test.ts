import { acceptStreams } from '../../glia/stream/stream.acceptance.ts'
import { parsePid } from '../../glia/pid.ts'
import { STREAM_WINDOW_BYTES } from '../limits.ts'
import { rawCall } from './raw-protocol.ts'
import { rawServer } from '../test-raw.ts'

const server = await rawServer()
const { client, connection } = await server.connect({ windowBytes: STREAM_WINDOW_BYTES })

acceptStreams('the raw dialect over libp2p', {
  bare: true,
  async open() {
    const { native, served } = await server.call(connection)
    const { destination: host, procId, methodName: method } = served
    const address = { host, proc: parsePid(procId), method }
    return [rawCall(native, address, { caller: client.peerId.toString(), silenceMs: 60_000 }), served]
  },
})
