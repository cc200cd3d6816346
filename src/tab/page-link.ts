/** The hash of the link that the page was given last. It is kept while the tab is open. */
const GIVEN = 'glia-link'
/** The hash of the link that the person agreed to follow. The tab does not ask again, also after a reload. */
const AGREED = 'glia-join'

/** Longest hash that is kept, in UTF-16 units. A link is shorter, and the storage of a page has a limit. */
const MAX_KEPT = 16_384

/** Whether a hash is the address of a view of the page. */
function isViewHash(hash: string): boolean {
  return hash.startsWith('#/')
}

/**
 * The link that this page was given: with its URL, or later. It stays while the page shows its views, whose addresses
 * take the place of the link in the URL, and over reloads. One reload may come before the peer has started
 * (`isolation.ts`). So this is made when the page begins.
 */
export class PageLink {
  /** Called when the page was given a link, also if it is the same one again. */
  given: (() => void) | undefined

  constructor(alive: AbortSignal) {
    this.#read()
    addEventListener('hashchange', () => this.#read() && this.given?.(), { signal: alive })
  }

  /** The hash of the link; empty if there is none. */
  get hash(): string {
    return sessionStorage.getItem(GIVEN) ?? ''
  }

  /** Whether the person has agreed to follow it. */
  get isAgreed(): boolean {
    return sessionStorage.getItem(AGREED) === this.hash
  }

  agree(): void {
    sessionStorage.setItem(AGREED, this.hash)
  }

  /** Follows it once more. */
  retry(): void {
    this.#read()
    this.given?.()
  }

  /** It is not followed, so a reload does not bring it back. */
  forget(): void {
    sessionStorage.removeItem(GIVEN)
  }

  /** @returns whether the hash of the page is that of a link, or empty. */
  #read(): boolean {
    const { hash } = location
    if (isViewHash(hash)) return false
    sessionStorage.setItem(GIVEN, hash.slice(0, MAX_KEPT))
    if (!this.isAgreed) sessionStorage.removeItem(AGREED)
    return true
  }
}
