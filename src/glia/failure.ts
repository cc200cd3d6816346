import { type FailedCall, type FailurePlace, type GliaError, isErrorCode, isExitCode } from './errors.ts'
import { errorOf, type Facts, readFailureMessage } from './failure-message.ts'
import { isPeerId } from './peer-id.ts'
import { fields } from './untrusted.ts'

/** Most bytes of stderr that travel with a failure, in UTF-8. */
export const MAX_STDERR_BYTES = 2048
/** Failed calls within failed calls that are told: a call of a call, and so on. */
const MAX_DEPTH = 4
/** The hash of 16 bytes in a chain name, in base58btc. A PID is longer, so none passes for a name. */
const PROCESS_NAME = /^[1-9A-HJ-NP-Za-km-z]{16,22}$/

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A failure as a part of the failure that followed from it. */
export function failedCallOf({ code, peer, process, exitCode, failedCall }: FailedCall): FailedCall {
  return { code, peer, process, exitCode, failedCall: failedCall && cut(failedCall, MAX_DEPTH - 1) }
}

/** For a person: which call of the process failed before. Its peer is the one to look at. */
export function failedCallWords({ failedCall }: FailurePlace): string | undefined {
  if (!failedCall) return undefined
  const { code, peer = 'an unknown peer' } = failedCall
  const deeper = failedCallWords(failedCall)
  return `Before that, a call of it failed with ${code} at ${peer}.${deeper === undefined ? '' : ` ${deeper}`}`
}

function cut(call: FailedCall, depth: number): FailedCall | undefined {
  return depth === 0 ? undefined : { ...call, failedCall: call.failedCall && cut(call.failedCall, depth - 1) }
}

/** Text of a program for another peer or a terminal: its end, without control characters. Undefined if it is empty. */
export function endOfStderr(text: string): string | undefined {
  const clean = text.replace(/(?![\n\t])\p{C}/gu, '')
  const bytes = encoder.encode(clean)
  if (bytes.length <= MAX_STDERR_BYTES) return clean || undefined
  return decoder.decode(bytes.subarray(-MAX_STDERR_BYTES)).replace(/^\uFFFD+/, '')
}

/**
 * A failure as another peer or thread tells it; undefined if the value is something else. Facts that are not valid are
 * left out.
 */
export function readFailure(value: unknown): GliaError | undefined {
  const told = readFailureMessage(value, readFacts)
  return told && errorOf(told)
}

/** The same, of JSON. A server that is no Glia peer answers with something else. */
export function parseFailure(json: string): GliaError | undefined {
  try {
    return readFailure(JSON.parse(json))
  } catch {
    return undefined
  }
}

/** The facts of a failure. Those that are not valid are left out. */
export function readFacts({ stderr, ...given }: Readonly<Record<string, unknown>>): Facts {
  return { ...readPlace(given, MAX_DEPTH), stderr: typeof stderr === 'string' ? endOfStderr(stderr) : undefined }
}

function readPlace(
  { peer, process, failedCall }: Readonly<Record<string, unknown>>,
  depth: number,
): Pick<FailurePlace, 'peer' | 'process' | 'failedCall'> {
  if (typeof peer !== 'string' || !isPeerId(peer)) return { failedCall: readFailedCall(failedCall, depth) }
  const isName = typeof process === 'string' && PROCESS_NAME.test(process)
  return { peer, process: isName ? process : undefined, failedCall: readFailedCall(failedCall, depth) }
}

function readFailedCall(value: unknown, depth: number): FailedCall | undefined {
  const given = fields(value)
  const { code, exitCode } = given
  if (depth === 0 || typeof code !== 'string') return undefined
  return {
    code: isErrorCode(code) ? code : 'ERR_INTERNAL',
    ...readPlace(given, depth - 1),
    exitCode: isExitCode(exitCode) ? exitCode : undefined,
  }
}
