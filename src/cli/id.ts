import type { Command } from 'commander'
import { addClientCommand, type ClientOptions } from './client.ts'
import { askInfo } from './gateway.ts'
import { printJson, printRows } from './print.ts'

/** `glia id`: who the gateway is. */
export function addId(program: Command): void {
  addClientCommand(program, 'id', 'print the peer id of the gateway').action(id)
}

async function id({ gateway, json }: ClientOptions): Promise<void> {
  const info = await askInfo(gateway)
  if (json) printJson(info)
  else printRows([[info.ID]])
}
