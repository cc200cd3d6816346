import type { Command } from 'commander'
import { fields } from '../glia/untrusted.ts'
import { VERSION } from '../node/version.ts'
import { addClientCommand, type ClientOptions } from './client.ts'
import { askJson, noGateway } from './gateway.ts'
import { printJson, printRows } from './print.ts'

/** `glia version`: of this program and of the gateway. `glia --version` asks no gateway. */
export function addVersion(program: Command): void {
  addClientCommand(program, 'version', 'print the versions of this program and of the gateway').action(versions)
}

async function versions({ gateway, json }: ClientOptions): Promise<void> {
  if (!json) printRows([['glia', VERSION]])
  const { version, protocol } = fields(await askJson(gateway, '/version.json'))
  if (typeof version !== 'string' || typeof protocol !== 'string') throw noGateway(gateway, 'without a version')
  if (json) printJson({ version: VERSION, gateway: { version, protocol } })
  else
    printRows([
      ['gateway', version],
      ['protocol', protocol],
    ])
}
