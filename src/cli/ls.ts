import type { Command } from 'commander'
import { formatAddress, PROTOCOL } from '../glia/address.ts'
import { readListing } from '../glia/listing.ts'
import { addClientCommand, type ClientOptions } from './client.ts'
import { askId, askJson } from './gateway.ts'
import { printJson, printRows } from './print.ts'

/** `glia ls`: what can be called at a peer. */
export function addLs(program: Command): void {
  addClientCommand(program, 'ls', 'list the processes of a peer: the address of each method, and its process')
    .argument('[peer]', 'id of the peer (default: the gateway)')
    .action(ls)
}

async function ls(peer: string | undefined, { gateway, json }: ClientOptions): Promise<void> {
  const host = peer === undefined || peer === 'self' ? await askId(gateway) : peer
  const listed = readListing(JSON.stringify(await askJson(gateway, `${PROTOCOL}/${encodeURIComponent(host)}/listed`)))
  if (json) return printJson(listed)
  printRows(
    listed.flatMap(({ pid, name, methods }) =>
      methods.map((method) => [formatAddress({ host, proc: pid, method }), name]),
    ),
  )
}
