import { parentPort } from 'node:worker_threads'
import nodeEndpoint from 'comlink/dist/esm/node-adapter'

// The global object of a web worker is its end of the channel to the page. The end of a thread is parentPort.
if (!parentPort) throw new Error('This runs in a worker thread.')
Object.assign(globalThis, nodeEndpoint(parentPort))
