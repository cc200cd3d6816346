import { GliaError, isErrorCode, isExitCode } from '../glia/errors.ts'
import { FAILURE_TRAILER } from '../glia/http/failure-trailer.ts'
import { fields } from '../glia/untrusted.ts'

const IN_TRAILERS = new RegExp(`\\r\\n0\\r\\n${FAILURE_TRAILER}: ([^\\r\\n]*)\\r\\n$`)

/** Reads a failure as the HTTP API tells it. undefined: the text is something else. */
export function readFailure(json: string): GliaError | undefined {
  let given: unknown
  try {
    given = JSON.parse(json)
  } catch {
    return undefined
  }
  const { code, message, exitCode } = fields(given)
  if (!isErrorCode(code) || typeof message !== 'string') return undefined
  return new GliaError(code, message, { exitCode: isExitCode(exitCode) ? exitCode : undefined })
}

/** Reads why a reply broke off. @param tail the last bytes of the connection */
export function readFailureTrailer(tail: string): GliaError | undefined {
  const [, json] = IN_TRAILERS.exec(tail) ?? []
  return json === undefined ? undefined : readFailure(json)
}
