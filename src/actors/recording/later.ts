/** What is loaded when a call is first saved or replayed. */
export { decodeCallFile, encodeCallFile } from './call-file.ts'
export { replayCall } from './replay-call.ts'
