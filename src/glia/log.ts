/** The log of the parts of a peer. Only this file writes to the console. */
export interface Logger {
  debug(message: string, ...details: unknown[]): void
  info(message: string, ...details: unknown[]): void
  /** Something failed that a person may want to know, and the peer goes on. */
  warn(message: string, ...details: unknown[]): void
}

/** Drops every line. */
export const SILENT: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined }

export function consoleLogger(name: string): Logger {
  const prefix = `[${name}]`
  return {
    debug: (message, ...details) => console.debug(prefix, message, ...details),
    info: (message, ...details) => console.info(prefix, message, ...details),
    warn: (message, ...details) => console.warn(prefix, message, ...details),
  }
}
