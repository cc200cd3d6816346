import { parentPort } from 'node:worker_threads'
import nodeEndpoint from 'comlink/dist/esm/node-adapter'

// A web worker's global object is its end of the channel to whoever started it; a thread's is parentPort.
if (!parentPort) throw new Error('This runs in a worker thread.')
Object.assign(globalThis, nodeEndpoint(parentPort))
