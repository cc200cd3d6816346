import { signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'

/** State of the view of settings. It is kept while another view is shown. */
export class SettingsState {
  /** The typed text that is not saved; undefined if it is as it was saved. */
  readonly relays = signal<string | undefined>(undefined)
  readonly iceServers = signal<string | undefined>(undefined)
  readonly attempt = new Attempt()
  /** Whether to say that the settings were saved. */
  readonly saved = signal(false)
}
