/** What no first call needs, in one chunk. */
export { LinkFollower } from './link-follower.ts'
export { meshStatus } from './mesh-status.ts'
export { TracedCalls } from './traced-calls.ts'
