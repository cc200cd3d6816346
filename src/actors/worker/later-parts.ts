/** The parts of actors that no first call needs, in one chunk: each chunk is an entry of the service worker's list. */
export { demangled } from '../module/demangle.ts'
export { OutgoingCalls } from '../outgoing/outgoing-calls.ts'
export { PortWire } from './port-wire.ts'
