import { useSignalEffect } from '@preact/signals'
import type { ViewProps } from '../page.ts'
import { TourState } from './tour-state.ts'

/** Offers the tour to a newcomer. Who has answered, or has started an actor, is not asked again. */
export function TourOffer({ model, page }: Pick<ViewProps, 'model' | 'page'>) {
  const state = page.kept(TourState)
  useSignalEffect(() => {
    const isNewcomer = model.processes.value.every(({ root }) => root)
    if (!isNewcomer && state.isNew.value) state.leave()
  })
  if (!state.isNew.value) return null
  return (
    <div class="tour-offer">
      <span class="grow">New here? Five steps show what the page does, and you do them yourself.</span>
      <button type="button" class="button" onClick={() => state.show()}>
        Take the tour
      </button>
      <button type="button" class="button" onClick={() => state.leave()}>
        No, thanks
      </button>
    </div>
  )
}
