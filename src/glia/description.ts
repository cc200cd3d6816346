/** Longest description of a process, in UTF-16 units: a sentence or two. */
export const MAX_DESCRIPTION = 280
