import type { Command } from 'commander'
import { formatAddress, PROTOCOL } from '../glia/address.ts'
import { GliaError } from '../glia/errors.ts'
import { readListing } from '../glia/listing.ts'
import { isPeerId } from '../glia/peer-id.ts'
import { addClientCommand, type ClientOptions } from './client.ts'
import { askInfo, askList } from './gateway.ts'
import { printJson, printRows } from './print.ts'

/** `glia ls`: what can be called at a peer. */
export function addLs(program: Command): void {
  addClientCommand(program, 'ls', 'list the processes of a peer: the address of each method, and its process')
    .argument('[peer]', 'id of the peer (default: the gateway)')
    .action(ls)
}

async function ls(peer: string | undefined, { gateway, json }: ClientOptions): Promise<void> {
  const host = peer === undefined || peer === 'self' ? (await askInfo(gateway)).ID : peer
  if (!isPeerId(host)) throw new GliaError('ERR_BAD_ADDRESS', `“${host}” is no peer id, such as 12D3Koo….`)
  const listed = readListing(JSON.stringify(await askList(gateway, `${PROTOCOL}/${host}/listed`)))
  if (json) return printJson(listed)
  printRows(
    listed.flatMap(({ pid, name, methods, key }) =>
      methods.map((method) => {
        const address = formatAddress({ host, proc: pid, method })
        return [key ? address.replace(pid, `${pid}:{key}`) : address, name]
      }),
    ),
  )
}
