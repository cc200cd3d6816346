/** The browser keeps this under the key while other peers are told nothing of the calls here. */
const SILENT = 'glia-calls-silent'

/** The choice that the browser could not keep. It lasts as long as the page. */
let unkept: boolean | undefined

/** Whether other peers that ask are told of calls. Another tab of this browser may have chosen. */
export function tellsOthers(): boolean {
  if (unkept !== undefined) return unkept
  try {
    return localStorage.getItem(SILENT) === null
  } catch {
    return true
  }
}

/** Chooses whether other peers are told, from now on, and after a reload. */
export function setTellsOthers(tells: boolean): void {
  try {
    if (tells) localStorage.removeItem(SILENT)
    else localStorage.setItem(SILENT, '')
    unkept = undefined
  } catch {
    // The browser keeps nothing more for this page.
    unkept = tells
  }
}
