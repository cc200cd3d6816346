import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startRelayWith } from './mesh.ts'
import { newDataFolder } from './server.ts'

/** A server on which actors live (`glia host`), managed by its owner. */
export interface ActorHost {
  /** Sends a message to a process, as a program does. Resolves to the reply. @throws {Error} with what the host says. */
  send(path: string, message: Uint8Array<ArrayBuffer> | string): Promise<string>
  /** Tells the system process to do something. Resolves to the head of its reply. */
  order(method: string, head: object, body?: Uint8Array): Promise<Record<string, unknown>>
  /** Makes a process. Resolves to its PID. */
  spawn(module: Uint8Array, options: object): Promise<string>
  /** The server's process id, while it runs. */
  pid(): number | undefined
  /** Ends it at once, like a power cut of its process. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 * @param args More flags of the server.
 * @param wrapper A command that runs the server in the place of its own process. Left out: none.
 */
export async function startActorHost(
  args: readonly string[] = [],
  wrapper: readonly string[] = [],
): Promise<ActorHost> {
  const data = newDataFolder()
  const relay = await startRelayWith({ GLIA_DATA: data }, ['--actors', '--data', data, ...args], wrapper)
  const token = (await readFile(join(data, 'owner.token'), 'utf8')).trim()
  const send: ActorHost['send'] = async (path, message) => {
    const reply = await fetch(new URL(`ww/0.1.0/self/${path}`, relay.url), { method: 'POST', body: message })
    const text = await reply.text()
    if (!reply.ok) throw new Error(text)
    return text
  }
  const order: ActorHost['order'] = async (method, head, body = new Uint8Array()) => {
    const line = `${JSON.stringify({ token, ...head })}\n`
    const reply = await send(`sys/${method}`, new Uint8Array(Buffer.concat([Buffer.from(line), body])))
    return JSON.parse(reply.slice(0, reply.indexOf('\n'))) as Record<string, unknown>
  }
  return {
    send,
    order,
    spawn: async (module, options) => String((await order('spawn', options, module))['pid']),
    pid: () => relay.pid(),
    kill: () => relay.kill(),
    restart: () => relay.restart(),
    stop: () => relay.stop(),
  }
}
