import { keepText, keptText } from '../kit/page-storage.ts'

/** The browser keeps this under the key while there are actors, so that the next page knows it before it has read them. */
const KEY = 'glia-has-actors'

/** Whether there were actors when the page was open last. */
export function hadActors(): boolean {
  return keptText(KEY) !== null
}

export function noteActors(areThere: boolean): void {
  // Where the browser keeps nothing, the recipe shows until the actors are there.
  keepText(KEY, areThere ? '' : null)
}
