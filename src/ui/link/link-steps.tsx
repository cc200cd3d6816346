import type { LinkView, TabModel } from '../model.ts'
import { type Step, stepsOf } from './steps.ts'

export interface LinkStepsProps {
  model: TabModel
  link: LinkView | undefined
  /** What comes after the peer was reached. */
  last?: Step | undefined
}

const DOTS: Readonly<Record<Step['state'], string>> = { done: 'ok', now: 'warn', failed: 'bad', later: 'none' }

/** How far the way to the peer of a link is, part by part: the part that fails is seen. */
export function LinkSteps({ model, link, last }: LinkStepsProps) {
  const steps = stepsOf({
    peer: model.peerId.value,
    mesh: model.mesh.value,
    relays: model.relays.value,
    error: model.badJoinLink.value,
    link,
    last,
  })
  return (
    <div role="status" aria-label="How far it is">
      <ol class="plain link-steps">
        {steps.map(({ what, state, words }) => (
          <li key={what}>
            <span class={`dot ${DOTS[state]}`} />
            <span>
              <b>{what}</b> <span class={state === 'failed' ? 'bad-words' : 'soft'}>{words}</span>
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}

export interface RetryProps {
  error: { code?: string | undefined } | undefined
  onRetry: () => void
}

/** What to do about a part that fails. */
export function Retry({ error, onRetry }: RetryProps) {
  if (!error) return null
  return (
    <div class="row">
      <button type="button" class="button" onClick={onRetry}>
        Try again now
      </button>
      <span class="mono soft">{error.code}</span>
    </div>
  )
}
