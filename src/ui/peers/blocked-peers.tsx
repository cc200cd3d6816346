import { useMemo, useRef } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatMoment } from '../kit/format.ts'
import { Identicon } from '../kit/identicon.tsx'
import { PeerName } from '../kit/peer-name.tsx'
import { peerWords } from '../kit/peer-names.ts'
import { useKeptFocus } from '../kit/use-kept-focus.ts'
import type { TabModel } from '../model.ts'
import { hashOf } from '../route.ts'

/** The peers that the person has blocked, the last one first. */
export function BlockedPeers({ model }: { model: TabModel }) {
  const attempt = useMemo(() => new Attempt(), [])
  const list = useRef<HTMLUListElement>(null)
  useKeptFocus(list, 'li')
  const blocked = Object.entries(model.people.value.blocked).sort(([, a], [, b]) => b - a)
  return (
    <div class="blocked-peers">
      <span class="label">Blocked peers: no tab of this browser connects to them or takes their calls</span>
      {blocked.length === 0 && <span class="soft">none</span>}
      <ul ref={list} tabIndex={-1} class="plain" aria-label="Blocked peers">
        {blocked.map(([id, at]) => (
          <li key={id} class="row">
            <span class="peer-cell">
              <Identicon text={id} />
              <a href={hashOf('peers', id)}>
                <PeerName id={id} />
              </a>
            </span>
            <span class="soft grow">since {formatMoment(at)}</span>
            <button
              type="button"
              class="button"
              aria-label={`Unblock ${peerWords(id)}`}
              onClick={() => void attempt.run(() => model.setBlocked(id, false))}
            >
              Unblock
            </button>
          </li>
        ))}
      </ul>
      <ErrorLine error={attempt.error.value} />
    </div>
  )
}
