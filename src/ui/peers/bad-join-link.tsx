import { useSignal } from '@preact/signals'
import { Icon } from '../kit/icons.tsx'
import type { TabModel } from '../model.ts'

/** What it says of links that are not tried again, by the code of the error. */
const TITLES: Readonly<Record<string, string>> = {
  ERR_BAD_ADDRESS: 'The join link does not work.',
  ERR_BAD_REQUEST: 'There is no such link.',
}

/** Says why the page's join link does not work, until it works or the notice is dismissed. */
export function BadJoinLink({ model }: { model: TabModel }) {
  /** When the dismissed link was opened. Further failures of that link are not shown. */
  const dismissed = useSignal<number | undefined>(undefined)
  const error = model.badJoinLink.value
  if (!error || error.at === dismissed.value) return null
  return (
    <div class="update bad-link" role="alert">
      <div class="grow">
        <b>{TITLES[error.code] ?? 'Who sent the join link is not reachable now.'}</b> {error.message}{' '}
        {!TITLES[error.code] && 'This tab goes on trying.'} <span class="mono soft">{error.code}</span>
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
