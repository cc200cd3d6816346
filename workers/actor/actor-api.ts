import { transfer } from 'comlink'
import type { FileChange } from '../../src/actors/files/files-api.ts'
import { inspectCore } from '../../src/actors/module/inspect-core.ts'
import { type HashedBytes, readBytes } from '../../src/actors/module/read-module.ts'
import { buffersOf, type Checkpoint, type Extent, type WholeSnapshot } from '../../src/actors/snapshot/snapshot.ts'
import type { ActorWorkerApi, Channel, Paused, Program, ServeEnd } from '../../src/actors/worker/worker-api.ts'
import { GliaError } from '../../src/glia/errors.ts'
import { DataTree } from './files/data-tree.ts'
import type { Mount } from './files/mount.ts'
import { Instance, type Surroundings } from './run/instance.ts'
import { GuestPort } from './carrier/guest-port.ts'
import { CallClient } from './outgoing/call-client.ts'
import { CallMount } from './outgoing/call-mount.ts'
import { SPACES } from './outgoing/call-space.ts'
import { PortServer } from './run/port-server.ts'
import type { Recorder } from './run/recorder.ts'
import { RingServer } from './run/ring-server.ts'
import type { Server } from './run/server.ts'
import type { Stdio } from './carrier/stdio.ts'

/** Largest memory of `/data` where nothing of it is kept, in bytes. */
const MAX_DATA_BYTES = 64 * 1024 * 1024

/**
 * The interface of an actor worker: one process of the peer, or one that compiles a large module and runs nothing.
 * @param recorder Writes down what the guest does. Left out: nothing is written down.
 */
export function actorApi(recorder?: Recorder & { port: MessagePort | undefined }): ActorWorkerApi {
  let server: Server | undefined
  let around: Surroundings | undefined
  let instance: Instance | undefined
  /** The instance that was made last, while it serves too. */
  let latest: Instance | undefined
  /** The bytes of a module that is only read here. */
  let module: Uint8Array<ArrayBuffer> | undefined

  return {
    async read(source: Blob, copy: boolean, progress: MessagePort): Promise<HashedBytes> {
      // The script is there: from here on it takes as long as it takes.
      progress.postMessage(0)
      const { bytes, ...read } = await readBytes(source, copy, { onProgress: (done) => progress.postMessage(done) })
      module = bytes
      return read
    },
    compile: (maxMemoryBytes, allowStart) => inspectCore(required(module), maxMemoryBytes, allowStart),
    connect(channel: Channel): void {
      const port = channel.port && new GuestPort(channel.port, channel.tier === 'JSPI')
      server = channel.tier === 'rings' ? new RingServer(channel) : new PortServer(required(port))
      const { stdio, suspends } = server
      const data = new DataTree(channel.kept?.maxBytes ?? MAX_DATA_BYTES, channel.kept)
      const ownStack = suspends || 'promising' in WebAssembly
      around = { stdio, suspends, ownStack, data, mounts: mountsOf(channel, port, stdio), recorder }
      if (recorder) recorder.port = channel.recordings
    },
    async instantiate(program: Program, kept?: WholeSnapshot): Promise<number> {
      const surroundings = required(around)
      latest = undefined
      instance = await Instance.create(program, surroundings, kept)
      latest = instance
      // What it has put under /data meanwhile.
      surroundings.data.report()
      surroundings.data.isServing = true
      return instance.memoryBytes + instance.tmpBytes
    },
    async serve(): Promise<ServeEnd | Paused> {
      const serving = required(instance)
      // A loop that ends has used its instance up, unless it is only paused.
      instance = undefined
      const end = await required(server).serve(serving)
      if (end.reason === 'paused') instance = serving
      else latest = undefined
      return end
    },
    async checkpoint(extent: Extent): Promise<Checkpoint | undefined> {
      const taken = await required(latest).checkpoint(extent)
      return taken && transfer(taken, buffersOf(taken))
    },
    putFiles(changes: readonly FileChange[]): number {
      const { data } = required(around)
      data.put(changes)
      return data.reports
    },
  }
}

/** The directories of calls, for a process that may make any. */
function mountsOf({ tier, calls }: Channel, port: GuestPort | undefined, stdio: Stdio): Map<string, Mount> {
  if (!calls || !port) return new Map()
  const log = (line: string): void => void stdio.writeError(new TextEncoder().encode(line))
  const client = new CallClient({ port, tier, log })
  return new Map(calls.map((root) => [root, new CallMount(client, SPACES[root])]))
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new GliaError('ERR_INTERNAL', 'The actor worker was called out of order.')
  return value
}
