// For tests: what a guest's thread needs for its calls.
export { GuestPort } from '../carrier/guest-port.ts'
export { CallClient } from './call-client.ts'
