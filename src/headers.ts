/**
 * The one place for response headers. Node sends them, the development server sends them, and on static hosts, which send none,
 * the service worker puts them on what it serves. So this file has no dependency and runs anywhere.
 */

/** Headers by lower-case name, in the form that `new Headers(…)` takes. */
export type HeaderMap = Readonly<Record<string, string>>

/**
 * Cross-origin isolation, which `SharedArrayBuffer` (the actors' rings) needs. A dedicated worker's script needs the embedder policy on
 * its own response, otherwise an isolated page may not start it. Every file says `same-origin`, so no other site can embed one.
 */
export const ISOLATION_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
} as const satisfies HeaderMap

/**
 * Stands in the built page behind the picture of a first visit (`src/first-picture.tsx`), and takes it away where it would be
 * wrong: the link leads to a place in the page, or the browser has kept something of an earlier visit.
 */
export const FIRST_PICTURE_SCRIPT =
  "try{if(location.hash||localStorage.length)document.getElementById('app').replaceChildren()}catch{}"

/** SHA-256 of the script, by which the policy allows it. */
const FIRST_PICTURE_HASH = 'gxJKlRG2frzUocv//MQIpjKiuinKth3F0ctJ1lmVdKc='

/**
 * The page's Content-Security-Policy. It is the same text as the `<meta>` of the built page (see src/build/page-csp.ts), so that a static
 * host gives the same protection. `ws: wss:` lets the tab dial any relay; `connect-src 'self'` is its own HTTP API. `http: https:` is for
 * the HTTP requests of processes: the policy of each process lists the origins, and this text cannot know them.
 */
export const PAGE_CSP = [
  "default-src 'none'",
  `script-src 'self' 'wasm-unsafe-eval' 'sha256-${FIRST_PICTURE_HASH}'`,
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self' http: https: ws: wss:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types glia',
].join('; ')

/**
 * What a browser could let the page do, and the page never does. Copying to the clipboard, sending a link to other apps
 * and shared memory stay allowed.
 */
export const DENIED_FEATURES = [
  'accelerometer',
  'autoplay',
  'bluetooth',
  'browsing-topics',
  'camera',
  'captured-surface-control',
  'clipboard-read',
  'compute-pressure',
  'digital-credentials-create',
  'digital-credentials-get',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'keyboard-map',
  'language-detector',
  'language-model',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'on-device-speech-recognition',
  'otp-credentials',
  'payment',
  'picture-in-picture',
  'private-state-token-issuance',
  'private-state-token-redemption',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'speaker-selection',
  'storage-access',
  'summarizer',
  'sync-xhr',
  'translator',
  'usb',
  'window-management',
  'xr-spatial-tracking',
] as const

const PERMISSIONS_POLICY = DENIED_FEATURES.map((feature) => `${feature}=()`).join(', ')

/**
 * The actor workers' own policy, also of the one that records: a guest may compile and run, and reach no network at all. A worker takes its policy from its own
 * response and not from the page, which is why the worker is one file served with this header.
 */
export const ACTOR_CSP = "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src 'none'; worker-src 'none'"

const STATIC_HEADERS = { ...ISOLATION_HEADERS, 'x-content-type-options': 'nosniff' } as const

/** Names under `assets/` contain a hash of the content, so such a file never changes. */
const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * Headers of one static file of the built app.
 * @param path Where the file is below the app's base, with or without a leading slash: `''`, `index.html`,
 * `assets/index-B1x.js`, `sw.js`
 */
export function headersFor(path: string): HeaderMap {
  const file = path.replace(/^\/+/, '')
  if (file.startsWith('assets/')) return { ...STATIC_HEADERS, 'cache-control': IMMUTABLE }
  const headers = { ...STATIC_HEADERS, 'cache-control': 'no-cache' }
  if (file === 'actor.js' || file === 'recorder.js') return { ...headers, 'content-security-policy': ACTOR_CSP }
  if (file === '' || file.endsWith('/') || file.endsWith('.html')) {
    // A policy in a <meta> cannot contain frame-ancestors, so only the header has it.
    return {
      ...headers,
      'content-security-policy': `${PAGE_CSP}; frame-ancestors 'none'`,
      'permissions-policy': PERMISSIONS_POLICY,
      'referrer-policy': 'no-referrer',
    }
  }
  return headers
}
