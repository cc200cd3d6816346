import { signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'
import { typed } from '../kit/typed.ts'

/** State of the view of peers. It is kept while another view is shown. */
export class PeersState {
  /** The text in the box: a multiaddr or a join link. */
  readonly text = typed.of('peer to connect to', '')
  /** The connection that the person makes with the box. */
  readonly attempt = new Attempt()
  /** The peer that was connected last: its row is highlighted. Cleared after a while. */
  readonly found = signal<string | undefined>(undefined)
}
