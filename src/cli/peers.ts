import type { Command } from 'commander'
import { fields } from '../glia/untrusted.ts'
import { addClientCommand, type ClientOptions } from './client.ts'
import { askList, noGateway } from './gateway.ts'
import { printJson, printRows } from './print.ts'

/** `glia peers`: whom the gateway is connected to. */
export function addPeers(program: Command): void {
  addClientCommand(program, 'peers', 'list the peers that the gateway is connected to, and how').action(peers)
}

async function peers({ gateway, json }: ClientOptions): Promise<void> {
  const found = await askList(gateway, '/peers')
  const rows = found.map((peer) => {
    const { id, link, agent } = fields(peer)
    if (typeof id !== 'string') throw noGateway(gateway, 'with something else than peers')
    return [id, link, agent].map((cell) => (typeof cell === 'string' ? cell : ''))
  })
  if (json) printJson(found)
  else printRows(rows)
}
