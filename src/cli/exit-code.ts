import type { GliaError } from '../glia/errors.ts'

/**
 * The exit code of a failed call. The code of a program that exited is passed on. Glia's own failures take the codes that
 * shells, `timeout` and `docker run` use for the like, which few programs use themselves.
 */
export function exitCodeOf({ code, exitCode, status }: GliaError): number {
  if (exitCode !== undefined) return passedOn(exitCode)
  if (code === 'ERR_TRAPPED' || code === 'ERR_OUT_OF_MEMORY') return 134
  if (code === 'ERR_DENIED') return 126
  if (status === 404) return 127
  if (status === 504) return 124
  return 125
}

/** An operating system keeps eight bits of an exit code. A failure must not become 0. */
export function passedOn(exitCode: number): number {
  return exitCode === 0 ? 0 : exitCode & 0xff || 1
}
