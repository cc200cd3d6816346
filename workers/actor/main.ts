/**
 * An actor's worker: one process of the peer. Control comes through Comlink, bytes through rings or a port; what runs here
 * reaches nothing else. See ARCHITECTURE.md, "The actor worker".
 */
import { expose } from 'comlink'
import { installErrorTransfer } from '../../src/actors/comlink-errors.ts'
import type { ActorWorkerApi, Channel, Program, ServeEnd } from '../../src/actors/worker-api.ts'
import { GliaError } from '../../src/glia/errors.ts'
import { Instance } from './instance.ts'
import { lockDown } from './lockdown.ts'
import { PortServer } from './port-server.ts'
import { RingServer } from './ring-server.ts'
import type { Server } from './server.ts'

let server: Server | undefined
let instance: Instance | undefined

const api: ActorWorkerApi = {
  connect(channel: Channel): void {
    server = channel.tier === 'rings' ? new RingServer(channel) : new PortServer(channel)
  },
  async instantiate(program: Program): Promise<number> {
    instance = await Instance.create(program, required(server).stdio, required(server).suspends)
    return instance.memoryBytes
  },
  serve(): ServeEnd | Promise<ServeEnd> {
    const serving = required(instance)
    // A loop that ends has used its instance up.
    instance = undefined
    return required(server).serve(serving)
  },
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new GliaError('ERR_INTERNAL', 'The actor worker was called out of order.')
  return value
}

lockDown(globalThis)
installErrorTransfer()
expose(api)
