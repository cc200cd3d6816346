import { startActorHost } from '../actor-host.ts'
import { keepers, METHOD, POLICY } from './actors.ts'
import type { Prey } from './kills.ts'

/** A host (`glia host`) with an actor in each language. */
export async function hostPrey(): Promise<Prey> {
  const { send, spawn, kill, restart, stop } = await startActorHost()
  const pids = new Map<string, string>()
  for (const [name, module] of await keepers()) pids.set(name, await spawn(module, { name, policy: POLICY }))
  return {
    names: [...pids.keys()],
    call: (name, message) => send(`${pids.get(name)}/${METHOD}`, message),
    kill,
    restart,
    stop,
  }
}
