/** What a run tells a process with peers, and what that answers. Each order gets one answer. */
export type Order =
  | { do: 'join'; count: number; relays: readonly (readonly string[])[] }
  | { do: 'look' }
  | { do: 'find'; peer: string; relays: readonly string[] }
  | { do: 'call'; address: string }
  | { do: 'end' }

export interface Joined {
  /** Peer ids. */
  ids: string[]
}

/** What the peers of a process look like. */
export interface Look {
  reserved: number
  /** How many other peers each one knows. */
  known: number[]
  /** Losses of a relay since the last look, by what the peer says of it. */
  losses: Record<string, number>
}

export interface Found {
  /** Time until the reply was there, in ms; undefined if there was none. */
  ms: number | undefined
  error: string | undefined
}

/** What became of one call of each peer of a process. */
export interface Called {
  /** Times until the reply was there, in ms. */
  ms: number[]
  /** How many calls failed, by code and message of the error. */
  errors: Record<string, number>
}
