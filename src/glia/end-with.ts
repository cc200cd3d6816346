import type { GliaError } from './errors.ts'
import type { Stream } from './stream.ts'

/**
 * Ends the reply of a call that failed, or whose program has exited. What a program has written before it exited is its reply,
 * whatever its exit code.
 */
export function endWith(stream: Stream, error: GliaError): void {
  if (error.exitCode !== undefined && stream.closeWithExit) stream.closeWithExit(error)
  // This stream cannot tell the code, which is no failure.
  else if (error.accepted) void stream.close()
  else stream.abort(error)
}
