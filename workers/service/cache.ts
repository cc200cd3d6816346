import { PrecacheController } from 'workbox-precaching'
import { headersFor } from '../../src/headers.ts'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] }

const manifest = self.__WB_MANIFEST
/** Files that are stored at a time. Workbox stores one after the other, and the first visit waits for the last. */
const LANES = 6
const isDevelopment = manifest.length === 0

/**
 * The app's files. They are stored when the service worker is installed, so that the app opens offline. They are served
 * with the headers that a static host does not send (isolation, and the actor worker's policy).
 */
export class AppCache {
  readonly #base: URL
  readonly #precache = new PrecacheController()

  constructor(base: URL) {
    this.#base = base
    this.#precache.addToCacheList(manifest)
  }

  install(event: ExtendableEvent): Promise<unknown> {
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      const precache = new PrecacheController()
      precache.addToCacheList(manifest.filter((__, index) => index % LANES === lane))
      return precache.install(event)
    })
    return Promise.all(lanes)
  }

  activate(event: ExtendableEvent): Promise<unknown> {
    return this.#precache.activate(event)
  }

  /** Answers a request for a file below the base. */
  async serve(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const path = url.pathname.slice(this.#base.pathname.length)
    const file = path === '' ? new URL('index.html', this.#base).href : url.origin + url.pathname
    const response = (await this.#precache.matchPrecache(file)) ?? (await fetch(request))
    return withHeaders(response, this.#headersFor(path))
  }

  /** The development server keeps no files, and its pages need styles and scripts that the page's policy forbids. */
  #headersFor(path: string): Readonly<Record<string, string>> {
    const headers = headersFor(path)
    if (!isDevelopment || path.endsWith('.js')) return headers
    const { 'content-security-policy': _policy, ...others } = headers
    return others
  }
}

function withHeaders(response: Response, extra: Readonly<Record<string, string>>): Response {
  // Opaque and redirected responses cannot be copied. None of the app's files is one.
  if (response.status === 0 || response.redirected) return response
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(extra)) headers.set(name, value)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}
