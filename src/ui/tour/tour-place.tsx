import { deferred } from '../kit/deferred.tsx'
import type { ViewProps } from '../page.ts'
import { LINK } from '../route.ts'
import { route } from '../router.ts'
import { TourState } from './tour-state.ts'

const Tour = deferred(async () => (await import('./tour.tsx')).Tour, { early: false })

/** The tour, if the person takes it. Who came by a link to a process has other things to do. */
export function TourPlace({ model, page }: Pick<ViewProps, 'model' | 'page'>) {
  const isShown = page.kept(TourState).isShown.value && route.value.view !== LINK
  return isShown ? <Tour model={model} page={page} /> : null
}
