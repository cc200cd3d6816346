/** Why there is no direct connection to a connected peer. */
export type WhyRelayed =
  /** This browser, or the other side, has no WebRTC. */
  | { kind: 'no-webrtc-here' | 'no-webrtc-there' }
  /** One is being made. */
  | { kind: 'making' }
  /** All that this peer keeps are in use, or all that a page may make are used up. */
  | { kind: 'full' | 'spent' }
  /** The last one was closed because it had no calls for long, or by the person. */
  | { kind: 'closed'; retryAt: number }
  /** The last attempts failed. `why` is a clause about the peer, such as “does not answer”. */
  | { kind: 'failed'; why: string; retryAt: number }
  /** None was tried: the first call makes one. */
  | { kind: 'not-tried' }
