import { MAX_SHARE_BYTES, MAX_SHARES, SHARE_CACHE, type ShareFailure } from '../../src/calls/share-target.ts'

/**
 * Keeps what another app shares with this one, and sends the browser to the view that shows it. The page may not run
 * yet. It takes the content when it does.
 */
export async function keepShared(request: Request, base: URL): Promise<Response> {
  const why = await keep(request, base)
  return Response.redirect(new URL(why ? `#/shared/${why}` : '#/shared', base).href, 303)
}

/** @returns why the content was not kept, or undefined. */
async function keep(request: Request, base: URL): Promise<ShareFailure | undefined> {
  let bytes = 0
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length
      if (bytes > MAX_SHARE_BYTES) controller.error(new RangeError('The shared content is too large.'))
      else controller.enqueue(chunk)
    },
  })
  try {
    const cache = await caches.open(SHARE_CACHE)
    if ((await cache.keys()).length >= MAX_SHARES) return 'full'
    const headers = { 'content-type': request.headers.get('content-type') ?? '' }
    // The page reads the form. Here it may be too large for the memory.
    const form = new Response(request.body?.pipeThrough(limit), { headers })
    await cache.put(new URL(`shared/${crypto.randomUUID()}`, base).href, form)
    return undefined
  } catch {
    return bytes > MAX_SHARE_BYTES ? 'too-large' : 'failed'
  }
}
