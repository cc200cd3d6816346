import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newDataFolder } from '../server.ts'
import { startRelayWith } from '../mesh.ts'
import { keepers, METHOD, POLICY } from './actors.ts'
import type { Prey } from './kills.ts'

/** A host (`glia host`) with an actor in each language. */
export async function hostPrey(): Promise<Prey> {
  const data = newDataFolder()
  const relay = await startRelayWith({ GLIA_DATA: data }, ['--actors', '--data', data])
  const token = (await readFile(join(data, 'owner.token'), 'utf8')).trim()
  const send = async (path: string, message: Uint8Array<ArrayBuffer> | string): Promise<string> => {
    const reply = await fetch(new URL(`ww/0.1.0/self/${path}`, relay.url), { method: 'POST', body: message })
    const text = await reply.text()
    if (!reply.ok) throw new Error(text)
    return text
  }
  const pids = new Map<string, string>()
  for (const [name, module] of await keepers()) {
    const line = `${JSON.stringify({ token, name, policy: POLICY })}\n`
    const made = JSON.parse(await send('sys/spawn', Buffer.concat([Buffer.from(line), module]))) as { pid: string }
    pids.set(name, made.pid)
  }
  return {
    names: [...pids.keys()],
    call: (name, message) => send(`${pids.get(name)}/${METHOD}`, message),
    kill: () => relay.kill(),
    restart: () => relay.restart(),
    stop: () => relay.stop(),
  }
}
