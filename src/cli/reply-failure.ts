import type { GliaError } from '../glia/errors.ts'
import { parseFailure } from '../glia/failure.ts'
import { FAILURE_TRAILER } from '../glia/http/failure-trailer.ts'

const IN_TRAILERS = new RegExp(`\\r\\n0\\r\\n${FAILURE_TRAILER}: ([^\\r\\n]*)\\r\\n$`)

/** Reads why a reply broke off. @param tail the last bytes of the connection */
export function readFailureTrailer(tail: string): GliaError | undefined {
  const [, json] = IN_TRAILERS.exec(tail) ?? []
  return json === undefined ? undefined : parseFailure(json)
}
