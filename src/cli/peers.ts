import type { Command } from 'commander'
import { fields } from '../glia/untrusted.ts'
import { addClientCommand, type ClientOptions } from './client.ts'
import { askJson } from './gateway.ts'
import { printJson, printRows } from './print.ts'

/** `glia peers`: whom the gateway is connected to. */
export function addPeers(program: Command): void {
  addClientCommand(program, 'peers', 'list the peers that the gateway is connected to, and how').action(peers)
}

async function peers({ gateway, json }: ClientOptions): Promise<void> {
  const found = await askJson(gateway, '/peers')
  if (json) return printJson(found)
  printRows(
    [found].flat().map((peer) => {
      const { id, link, agent } = fields(peer)
      return [id, link, agent].map((cell) => (typeof cell === 'string' ? cell : ''))
    }),
  )
}
