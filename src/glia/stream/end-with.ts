import type { GliaError } from '../errors.ts'
import type { Stream } from './stream.ts'

/**
 * Ends the reply of a call that failed, or whose program has exited. The output of a program before its exit is its
 * reply, whatever the exit code.
 */
export function endWith(stream: Stream, error: GliaError): void {
  if (error.exitCode !== undefined && stream.closeWithExit) stream.closeWithExit(error)
  // The exit code is no failure, and this stream cannot carry it.
  else if (error.accepted) void stream.close()
  else stream.abort(error)
}
