import type { ComponentLogger, Logger } from '@libp2p/interface'

const none = (): void => undefined
const QUIET: Logger = Object.assign((): void => undefined, {
  error: none,
  trace: none,
  enabled: false,
  newScope: () => QUIET,
})

/**
 * One logger for all of libp2p, which says nothing. By itself libp2p makes nine loggers for each connection, of 2.7 kB
 * each. With the environment variable DEBUG libp2p has its own loggers: then this is undefined.
 */
export function quietLogger(debug = process.env['DEBUG'] ?? ''): ComponentLogger | undefined {
  return debug === '' ? { forComponent: () => QUIET } : undefined
}
