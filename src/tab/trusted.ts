interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

/** Made with the first script: a page whose policy names no `glia` may still load this module. */
let policy: { createScriptURL(url: string): string } | undefined

/**
 * A script's URL as the browser wants it for workers: a TrustedScriptURL, which TypeScript 7.0 takes for a string, or just
 * the text where there are no Trusted Types.
 * @throws {TypeError} if it is a script of another origin, or the page's Content-Security-Policy does not allow the policy `glia`.
 */
export function trustedScriptUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  policy ??= trustedTypes?.createPolicy('glia', { createScriptURL: ofThisOrigin })
  return policy ? policy.createScriptURL(url) : url
}

function ofThisOrigin(url: string): string {
  if (new URL(url).origin === location.origin) return url
  throw new TypeError(`${url} is a script of another origin: browsers start workers only from the page’s own.`)
}
