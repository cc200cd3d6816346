import type { RelayInfo } from '../../mesh/presence/peer-info.ts'
import { clock } from '../kit/clock.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { isCounting, relayWords } from './relay-words.ts'

const DOT: Record<RelayInfo['state'], string> = { reserved: 'ok', connecting: 'warn', refused: 'warn', waiting: 'bad' }

/** The relays through which others reach this peer. */
export function RelayList({ relays, onSettings }: { relays: readonly RelayInfo[]; onSettings: () => void }) {
  return (
    <section class="panel relays" aria-labelledby="relays-title">
      <h2 id="relays-title">
        Relays and reservations <span class="soft count">{relays.length}</span>
      </h2>
      {relays.length === 0 && (
        <p class="soft hint">
          No relay is known: no other browser can reach this one.{' '}
          <button type="button" class="link" onClick={onSettings}>
            Set one
          </button>
        </p>
      )}
      <ul>
        {relays.map((relay) => (
          <li key={relay.address}>
            <CopyButton class="id-button" text={relay.address} label={`Copy address ${relay.address}`}>
              <span class="mono">{relay.address}</span>
            </CopyButton>
            <RelayState relay={relay} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The state of a relay as a dot and words. */
export function RelayState({ relay }: { relay: RelayInfo }) {
  // Only a text that counts reads the clock, so the clock does not tick for the others.
  const now = isCounting(relay) ? clock.value : 0
  return (
    <span class="state">
      <span class={`dot ${DOT[relay.state]}`} />
      {relayWords(relay, now)}
    </span>
  )
}
