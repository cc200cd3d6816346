import type { Page } from '../page.ts'
import { STEPS } from './steps.ts'
import { TourState } from './tour-state.ts'

/** Shows the tour: from its start, or from the step where the person left it. */
export function TourButton({ page }: { page: Page }) {
  const state = page.kept(TourState)
  return (
    <button type="button" class="button" onClick={() => state.show()}>
      {tourWords(state)}
    </button>
  )
}

/** What {@link TourState.show} does now. */
export function tourWords({ at: { value: at } }: TourState): string {
  return at > 0 && at < STEPS.length ? `Go on with the tour, step ${at + 1} of ${STEPS.length}` : 'Take the tour'
}
