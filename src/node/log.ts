import type { Logger } from '../glia/log.ts'
import { isPid } from '../glia/pid.ts'
import { fields } from '../glia/untrusted.ts'

const LEVELS = ['debug', 'info', 'warn'] as const
export type LogLevel = (typeof LEVELS)[number]
export type LogFormat = 'text' | 'json'

export interface LogInit {
  readonly log: LogFormat
  /** Lines below it are left out. */
  readonly logLevel: LogLevel
}

/** Where lines go. */
export type LogSink = (line: string, level: LogLevel) => void

/** Text is for a person, who wants warnings apart. JSON goes to stdout, where whoever collects logs reads it. */
function toConsole(format: LogFormat): LogSink {
  return (line, level) => (format === 'text' && level === 'warn' ? process.stderr : process.stdout).write(`${line}\n`)
}

/**
 * The server's log. Details that are objects become fields of the line. A line has no PID: an address is a capability, and
 * logs are read by others than those whom the process trusts.
 */
export function serverLog({ log: format, logLevel }: LogInit, write: LogSink = toConsole(format)): Logger {
  const lowest = LEVELS.indexOf(logLevel)
  const at =
    (level: LogLevel) =>
    (message: string, ...details: unknown[]): void => {
      if (LEVELS.indexOf(level) < lowest) return
      const line = format === 'json' ? jsonLine(level, message, details) : textLine(message, details)
      write(withoutPids(line), level)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn') }
}

function jsonLine(level: LogLevel, message: string, details: readonly unknown[]): string {
  const line = { time: new Date().toISOString(), level, msg: message }
  return JSON.stringify(Object.assign(line, ...details.map((detail, index) => fieldsOf(detail, index))))
}

function textLine(message: string, details: readonly unknown[]): string {
  const words = details.flatMap((detail, index) => Object.entries(fieldsOf(detail, index)))
  const shown = words.map(([name, value]) => (/^detail\d*$/.test(name) ? String(value) : `${name}=${String(value)}`))
  // What others say must not command the terminal, nor look like another line.
  return [`[glia] ${message}`, ...shown].join(' ').replace(/(?!\n)\p{Cc}/gu, ' ')
}

function fieldsOf(detail: unknown, index: number): Record<string, unknown> {
  if (detail instanceof Error) return { error: detail.stack ?? detail.message }
  if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return fields(detail)
  return { [`detail${index === 0 ? '' : index}`]: String(detail) }
}

const BASE58_RUN = /[1-9A-HJ-NP-Za-km-z]+/g

function withoutPids(line: string): string {
  return line.replace(BASE58_RUN, (run) => (isPid(run) ? '(a PID)' : run))
}
