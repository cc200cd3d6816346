/** Calls and waits in an answer, and its characters. What does not fit is left out, the oldest calls first. */
export const MAX_TOLD = 64
export const MAX_ANSWER = 64 * 1024
