/**
 * The wire between two Glia peers, `/glia/0.1.0`: many calls at once over one channel of bytes, with credit, typed errors and deadlines.
 * The channel may be a socket, a data channel, or a `MessagePort` as here.
 *
 * ```js
 * import { readAll } from 'glia/protocol'
 * import { Session } from 'glia/session'
 *
 * const overPort = (port) => ({
 *   send: (bytes) => (port.postMessage(bytes.slice()), true),
 *   listen({ data }) {
 *     port.onmessage = (event) => data(event.data)
 *   },
 *   close: () => port.close(),
 * })
 * const echo = async (stream) => {
 *   for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) await stream.write(bytes)
 *   await stream.close()
 * }
 * const [alice, bob] = ['12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N']
 * const { port1, port2 } = new MessageChannel()
 * const server = new Session({ channel: overPort(port2), local: alice, remote: bob, serve: echo })
 * const caller = new Session({ channel: overPort(port1), local: bob, remote: alice })
 * const stream = caller.open({ host: alice, proc: '3J98t1WpEZ73CNmQviecrnyiWrn', method: 'echo' })
 * await stream.write(new TextEncoder().encode('hello'))
 * await stream.closeWrite()
 * console.log(new TextDecoder().decode(await readAll(stream))) // hello
 * for (const session of [caller, server]) session.end()
 * ```
 */
// oxlint-disable-next-line import/no-unassigned-import -- gives what older engines lack
import '../node/polyfill.ts'

export {
  decodeFrame,
  FRAME,
  type Frame,
  INITIAL_CREDIT_BYTES,
  MAX_DATA_BYTES,
  MAX_FRAME_BYTES,
} from '../glia/session/frames.ts'
export { decodeHead, encodeHead, type OpenHead } from '../glia/session/head.ts'
export { type CallOptions, Session, type SessionChannel, type SessionInit } from '../glia/session/session.ts'
export { SessionStream } from '../glia/session/session-stream.ts'
export { Splitter } from '../glia/session/splitter.ts'
