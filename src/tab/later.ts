/** What no first call needs, in one chunk. */
export { takeLaunches } from './file-handler.ts'
export { followUpdates } from './follow-updates.ts'
export { LinkFollower } from './link-follower.ts'
export { meshStatus } from './mesh-status.ts'
export { sendHttp } from './send-http.ts'
export { sharedContents } from './shared.ts'
export { TracedCalls } from './traced-calls.ts'
export { eraseAll, whenErased } from './erasure.ts'
