import { type Command, Option } from 'commander'
import { UsageError } from '../node/option-values.ts'

/** What every command that asks a gateway takes. */
export interface ClientOptions {
  readonly gateway: URL
  readonly json: boolean
}

const LOCAL_GATEWAY = 'http://localhost:2080/'

/** Adds a command that asks a gateway. */
export function addClientCommand(program: Command, usage: string, description: string): Command {
  const gateway = new Option('--gateway <URL>', 'gateway to ask')
    .env('GLIA_GATEWAY')
    .default(new URL(LOCAL_GATEWAY), LOCAL_GATEWAY)
    .argParser(readGateway)
  return program
    .command(usage)
    .description(description)
    .addOption(gateway)
    .addOption(new Option('--json', 'print JSON, for scripts').default(false, ''))
}

/** An empty variable is the same as none. The API may lie below a path. */
export function readGateway(value: string): URL {
  const given = value.trim() || LOCAL_GATEWAY
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`A gateway is an http or https URL, such as ${LOCAL_GATEWAY}, not “${value}”.`)
  }
  url.pathname = `${url.pathname.replace(/\/*$/, '')}/`
  url.search = ''
  url.hash = ''
  return url
}
