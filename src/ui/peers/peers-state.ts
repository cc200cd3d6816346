import { signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'

/** What the view of the peers remembers while another one is shown. */
export class PeersState {
  /** Typed into the box: a multiaddr or a join link. */
  readonly text = signal('')
  /** The connection that is being made from the box. */
  readonly attempt = new Attempt()
  /** The peer that was connected to last, whose row is to be seen. Cleared after a while. */
  readonly found = signal<string | undefined>(undefined)
}
