/** The browser keeps this under the key while there are actors, so that the next page knows it before it has read them. */
const KEY = 'glia-has-actors'

/** Whether there were actors when the page was open last. */
export function hadActors(): boolean {
  try {
    return localStorage.getItem(KEY) !== null
  } catch {
    return false
  }
}

export function noteActors(areThere: boolean): void {
  try {
    if (areThere) localStorage.setItem(KEY, '')
    else localStorage.removeItem(KEY)
  } catch {
    // The browser keeps nothing for this page: then the recipe shows until the actors are there.
  }
}
