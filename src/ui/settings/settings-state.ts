import { signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'

/** What the view of the settings remembers while another one is shown. */
export class SettingsState {
  /** As typed and not saved yet; undefined if it is as it was saved. */
  readonly relays = signal<string | undefined>(undefined)
  readonly iceServers = signal<string | undefined>(undefined)
  readonly attempt = new Attempt()
  /** Whether to say that they were saved. */
  readonly saved = signal(false)
}
