/** What no first call needs, in one chunk. */
export { Modules } from './module/modules.ts'
export { PeerLook } from './presence/peer-look.ts'
export { parseLink, scopeOfLink } from './relays/link.ts'
export { askTrace, TraceAnswers } from './trace/trace-question.ts'
