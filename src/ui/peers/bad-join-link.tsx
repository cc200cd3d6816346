import { useSignal } from '@preact/signals'
import { Icon } from '../kit/icons.tsx'
import type { TabModel } from '../model.ts'

/** Says why the page's join link does not work, until it works or the notice is dismissed. */
export function BadJoinLink({ model }: { model: TabModel }) {
  /** When the dismissed link was opened. Further failures of that link are not shown. */
  const dismissed = useSignal<number | undefined>(undefined)
  const error = model.badJoinLink.value
  if (!error || error.at === dismissed.value) return null
  const isBad = error.code === 'ERR_BAD_ADDRESS'
  return (
    <div class="update bad-link" role="alert">
      <div class="grow">
        <b>{isBad ? 'The join link does not work.' : 'Who sent the join link is not reachable now.'}</b> {error.message}{' '}
        {!isBad && 'This tab goes on trying.'} <span class="mono soft">{error.code}</span>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label="Dismiss: the join link does not work"
        onClick={() => (dismissed.value = error.at)}
      >
        <Icon name="close" />
      </button>
    </div>
  )
}
