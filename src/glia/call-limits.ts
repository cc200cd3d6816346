/** Every number of the door for calls of others, with its reason. Times in ms, sizes in bytes. */
const MiB = 1024 * 1024

/** Calls that are under way or wait: of one peer, and of all peers together. The owner's calls do not count. */
export const MAX_CALLS_PER_PEER = 256
export const MAX_CALLS = 2048
/** Bytes of messages that wait for their turn: of one peer, and of all. A call alone holds up to some 300 KiB. */
export const MAX_WAITING_BYTES_PER_PEER = 16 * MiB
export const MAX_WAITING_BYTES = 64 * MiB
/** How often these bytes are counted while calls wait, since they arrive unseen. */
export const COUNT_MS = 200

/** A call whose message does not begin within this time is ended. */
export const SILENCE_MS = 10_000
/**
 * Bytes of a message that are kept while it waits. A smaller message is whole before its turn; of a larger one so much
 * is there.
 */
export const AHEAD_BYTES = 64 * 1024

/**
 * While others wait, a method may wait so long for its caller to send more of the message or to read the reply. Moved
 * bytes give back the time that they may take at the rate below, up to this whole time.
 */
export const PATIENCE_MS = 2_000
export const MIN_BYTES_PER_SECOND = 64 * 1024
/** The same for a caller that was too slow for this process lately. No other caller has less time because of it. */
export const SHORT_PATIENCE_MS = 300
export const SUSPICION_MS = 60_000
/** Callers that a process remembers as slow. Past this it forgets the oldest one. */
export const MAX_SUSPECTS = 1024
/** The most while the owner waits, whatever the rate. */
export const OWNER_PATIENCE_MS = 5_000
/** How often the door checks whether a method waits for its caller. */
export const LOOK_MS = 100
