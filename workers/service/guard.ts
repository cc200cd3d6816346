import { GliaError } from '../../src/glia/errors.ts'

/**
 * Who may use the API: a script of this origin, and a person who opens one of its addresses. A service worker does not
 * see `Sec-Fetch-*`, so the mode and the destination of the request decide.
 * @returns why not, or undefined.
 */
export function refusal(event: FetchEvent): GliaError | undefined {
  const { mode, destination } = event.request
  if (mode === 'navigate') {
    if (destination !== 'document') return new GliaError('ERR_DENIED', 'The API is not shown in frames.')
    return undefined
  }
  // Scripts, images and the like would run or show a guest's bytes as part of a page.
  if (destination !== '')
    return new GliaError('ERR_DENIED', `The API is not for use as a ${destination}: call it with fetch.`)
  if (event.clientId === '') return new GliaError('ERR_DENIED', 'The API answers pages of this origin only.')
  return undefined
}
