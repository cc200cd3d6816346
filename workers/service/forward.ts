import { GliaError, toGliaError } from '../../src/glia/errors.ts'
import { refuse } from '../../src/glia/http/refuse.ts'
import { ACK_MS, type CallMessage, type LifeLock } from '../../src/calls/protocol.ts'
import type { DeathWatch } from '../../src/calls/life-lock.ts'
import { callOverPort } from '../../src/calls/port-caller.ts'
import { startBody } from './request-body.ts'
import { passCall, type Tab, type Tabs } from './tabs.ts'

/**
 * Longest time until the reply begins, in ms. Chromium 156 ends a service worker that has given no head after about 300
 * s, and the page would get an error that says nothing.
 */
const HEAD_MS = 280_000

const PEER_IN_PATH = /^\/ww\/[^/]*\/([^/]+)\//

export interface Forwarder {
  tabs: Tabs
  /** Lock of this service worker. */
  lock: LifeLock
  deaths: DeathWatch
}

/** Sends a request of the API to the tab that answers it. @param path Below the app's base, with its slash. */
export async function forward(event: FetchEvent, path: string, forwarder: Forwarder): Promise<Response> {
  try {
    const tab = await findTab(event, path, forwarder.tabs)
    const { request, clientId } = event
    const { lock, deaths } = forwarder
    const { first, complete, rest } = await startBody(request)
    const call: CallMessage = {
      type: 'glia:call',
      callerLock: lock,
      deadline: Date.now() + ACK_MS,
      clientId,
      method: request.method,
      path,
      headers: [...request.headers],
      first,
      complete,
    }
    const { port1, port2 } = new MessageChannel()
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(tooLate()), HEAD_MS)
    const replied = callOverPort({
      port: port1,
      body: rest,
      signal: AbortSignal.any([request.signal, late.signal]),
      deaths,
      mayBeCut: true,
      lock: tab.lock,
    })
    passCall(tab, call, port2)
    const { status, headers, body } = await replied.finally(() => clearTimeout(timer))
    return new Response(body, { status, headers })
  } catch (thrown) {
    const aborted = thrown instanceof DOMException && thrown.name === 'AbortError'
    return refuse(toGliaError(thrown, aborted ? 'ERR_ABORTED' : 'ERR_INTERNAL'))
  }
}

async function findTab({ clientId, resultingClientId }: FetchEvent, path: string, tabs: Tabs): Promise<Tab> {
  // Peer ids have no characters that need an encoding.
  const peer = PEER_IN_PATH.exec(path)?.[1]
  if (peer !== undefined && peer !== 'self') {
    const tab = await tabs.ofPeer(peer)
    if (tab) return tab
  }
  // For a peer that no tab runs, the router of the caller's tab knows more ways, and the right error.
  const tab = await tabs.ofClient(clientId || resultingClientId)
  if (tab) return tab
  throw new GliaError('ERR_NO_TAB', `No tab runs a peer. Open ${self.location.origin}${basePath()} and try again.`)
}

function tooLate(): GliaError {
  const limit = `The reply did not begin within ${HEAD_MS / 1000} s, which is as long as a service worker may take.`
  return new GliaError('ERR_DEADLINE', `${limit} Longer calls work with glia.call and glia.fetch.`)
}

function basePath(): string {
  return new URL('.', self.location.href).pathname
}
