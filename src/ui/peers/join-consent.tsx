import { peerWords } from '../kit/peer-names.ts'
import type { TabModel } from '../model.ts'

/** Asks the person before this tab dials hosts that it does not know and that the page's join link names. */
export function JoinConsent({ model }: { model: TabModel }) {
  const question = model.joinQuestion.value
  if (!question) return null
  const { from, hosts } = question
  return (
    <div class="update link-consent" role="alertdialog" aria-labelledby="link-consent-title">
      <div class="grow">
        <b id="link-consent-title">Join the mesh of {peerWords(from)}?</b> The link has this tab connect to{' '}
        {hosts.map((host, i) => (
          <span key={host}>
            {i > 0 && ', '}
            <span class="mono">{host}</span>
          </span>
        ))}
        . They see your IP address. The relays that you have stay.
      </div>
      <button type="button" class="button main" onClick={() => model.answerJoinLink(true)}>
        Join
      </button>
      <button type="button" class="button" onClick={() => model.answerJoinLink(false)}>
        Not now
      </button>
    </div>
  )
}
