/**
 * The acceptance suite of streams: what every transport of the protocol must do, for vitest. It takes the functions of your vitest, and
 * brings none.
 *
 * ```js
 * import { streamPair } from 'glia/protocol'
 * import { acceptStreams } from 'glia/testing'
 * import { describe, expect, test } from 'vitest'
 *
 * const address = {
 *   host: '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
 *   proc: '3J98t1WpEZ73CNmQviecrnyiWrn',
 *   method: 'echo',
 * }
 * const open = async () => streamPair(address, { caller: 'browser' })
 * acceptStreams('two ends in one thread', { open }, { describe, expect, test })
 * ```
 */
// oxlint-disable-next-line import/no-unassigned-import -- gives what older engines lack
import '../node/polyfill.ts'

export { acceptStreams, type StreamCase, type TestFunctions } from '../glia/stream/suite.acceptance.ts'
