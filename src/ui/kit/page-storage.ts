// What the browser keeps for the page, by keys that begin with `glia-`: an erasure removes those. Each text is checked where it is read.

/** The text under a key; null if there is none, or the browser keeps nothing for this page. */
export function keptText(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Keeps a text, also across a reload. @param text null: forgets it. @returns whether the browser has done that */
export function keepText(key: string, text: string | null): boolean {
  try {
    if (text === null) localStorage.removeItem(key)
    else localStorage.setItem(key, text)
    return true
  } catch {
    return false
  }
}
