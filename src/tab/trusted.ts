interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

/** The page's one Trusted Types policy (its CSP names it): scripts come from this app's own folder. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('glia', {
  createScriptURL(url) {
    if (!new URL(url, document.baseURI).href.startsWith(new URL('.', document.baseURI).href)) {
      throw new TypeError(`${url} is not a script of this app.`)
    }
    return url
  },
})

/**
 * A script's URL as the browser wants it for workers: a TrustedScriptURL, which TypeScript 7.0 takes for a string, or just
 * the text where there are no Trusted Types.
 */
export function trustedScriptUrl(url: string): string {
  return policy ? policy.createScriptURL(url) : url
}
