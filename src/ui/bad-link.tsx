import { useSignal } from '@preact/signals'
import { Icon } from './icons.tsx'
import type { ErrorView, TabModel } from './model.ts'

/** Says what is wrong with the join link that the page was opened with, until that is dismissed. */
export function BadLink({ model }: { model: TabModel }) {
  const dismissed = useSignal<ErrorView | undefined>(undefined)
  const error = model.badLink.value
  if (!error || error === dismissed.value) return null
  return (
    <div class="update bad-link" role="alert">
      <div class="grow">
        <b>The join link does not work.</b> {error.message} <span class="mono soft">{error.code}</span>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label="Dismiss: the join link does not work"
        onClick={() => (dismissed.value = error)}
      >
        <Icon name="close" />
      </button>
    </div>
  )
}
