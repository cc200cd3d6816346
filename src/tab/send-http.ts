import type { HttpRequest, HttpResponse } from '../actors/outgoing/http-request.ts'
import { GliaError } from '../glia/errors.ts'
import { sourceOf } from '../glia/stream/web-streams.ts'

/** The page, as far as it decides which requests a browser lets it send. */
type Page = Pick<Location, 'origin' | 'protocol'>

/** Hosts that a page served over https may ask over http. */
const TRUSTWORTHY = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/

/**
 * Sends a request of a process by the browser's fetch, without cookies and without telling the server what the page is
 * called. The browser resolves names and connects, so nobody here sees the address.
 * @throws {GliaError} ERR_DENIED; ERR_UNREACHABLE, with the reasons that there can be: a browser tells a page none
 */
export async function sendHttp(
  { method, url, headers, body }: HttpRequest,
  signal: AbortSignal,
  page: Page = location,
): Promise<HttpResponse> {
  // The service worker would deliver it as a call of this page, which may do more than the process.
  if (url.origin === page.origin) {
    throw new GliaError('ERR_DENIED', `${url.origin} is this page itself. Actors are called as files under /ww.`)
  }
  if (page.protocol === 'https:' && url.protocol === 'http:' && !TRUSTWORTHY.test(url.hostname)) {
    throw new GliaError(
      'ERR_DENIED',
      `${url.origin}: a page that was loaded over https sends no requests over http (mixed content). On a host such a request works.`,
    )
  }
  const response = await ask(url, page, {
    method,
    headers,
    body: body ?? null,
    signal,
    mode: 'cors',
    credentials: 'omit',
    redirect: 'manual',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
  })
  if (response.type === 'opaqueredirect') {
    throw new GliaError(
      'ERR_UNREACHABLE',
      `${url.origin} answered with a redirect, and a browser does not tell a page where it leads. Ask for the final URL, or run the process on a host.`,
    )
  }
  const shown = new Headers(response.headers)
  // It may be that of a compressed body.
  if (method !== 'HEAD') shown.delete('content-length')
  const { status, statusText } = response
  const source = response.body ? sourceOf(response.body) : EMPTY
  return { status, statusText, headers: shown, body: source }
}

const EMPTY = { read: async () => null, cancel: () => undefined }

async function ask(url: URL, page: Page, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    init.signal.throwIfAborted()
    throw new GliaError(
      'ERR_UNREACHABLE',
      `The browser got no response from ${url.origin}, and does not tell a page why. The server may not be there, or may not allow requests from other origins such as ${page.origin} (CORS). On a host CORS does not matter.`,
      { cause },
    )
  }
}
