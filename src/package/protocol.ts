/**
 * The protocol, without a transport: addresses, streams, processes, the router, and the HTTP API. It runs in pages, workers and Node.
 *
 * ```js
 * import { createHttp, createProc, createRouter } from 'glia/protocol'
 *
 * const proc = createProc({
 *   name: 'shout',
 *   methods: {
 *     async shout(message) {
 *       const decoder = new TextDecoder()
 *       for (let bytes = await message.read(); bytes !== null; bytes = await message.read()) {
 *         await message.write(new TextEncoder().encode(decoder.decode(bytes, { stream: true }).toUpperCase()))
 *       }
 *     },
 *   },
 * })
 * const { env, router } = createRouter({ procs: [proc] })
 * const http = createHttp({ env, router })
 * const url = `http://localhost/ww/0.1.0/self/${proc.pid}/shout`
 * const response = await http(new Request(url, { method: 'POST', body: 'hello' }))
 * console.log(response.status, await response.text()) // 200 HELLO
 * ```
 */
// oxlint-disable-next-line import/no-unassigned-import -- gives what older engines lack
import '../node/polyfill.ts'

export { type Address, type Aliases, formatAddress, parseAddress, PROTOCOL } from '../glia/address.ts'
export type { Env, Host, Routing } from '../glia/env.ts'
export { type ErrorCode, GliaError } from '../glia/errors.ts'
export { createHttp, type HttpApi, type HttpInit } from '../glia/http/http.ts'
export type { Logger } from '../glia/log.ts'
export { isPid, newPid, parsePid, type Pid } from '../glia/pid.ts'
export type { Actor, Message } from '../glia/process/actor.ts'
export { makePolicy, type Policy } from '../glia/process/policy.ts'
export { Proc, type ProcInit } from '../glia/process/proc.ts'
export { makeRestart, type Restart } from '../glia/process/restart.ts'
export { type OpenOptions, type OpenRemote, Router, type RouterInit } from '../glia/router.ts'
export type { Stream } from '../glia/stream/stream.ts'
export { streamPair, type StreamInit } from '../glia/stream/stream-pair.ts'
export { pumpInto, readableFrom, readAll } from '../glia/stream/web-streams.ts'
export { createProc, createRouter, type ProcOptions, type RouterOptions } from './make.ts'
