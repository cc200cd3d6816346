import { signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'
import { typed } from '../kit/typed.ts'

/** State of the view of settings. It is kept while another view is shown. */
export class SettingsState {
  /** The typed text that is not saved; undefined if it is as it was saved. */
  readonly relays = typed.of<string | undefined>('relays', undefined)
  readonly iceServers = typed.of<string | undefined>('ICE servers', undefined)
  readonly attempt = new Attempt()
  /** Whether to say that the settings were saved. */
  readonly saved = signal(false)
}
