import { cancellation } from '../../glia/cancel.ts'
import { GliaError, toGliaError } from '../../glia/errors.ts'
import { MAX_MODULE_PEERS } from '../limits.ts'
import type { AskOptions, GivenModule } from './ask-module.ts'

/** A module, and the peer that gave it. */
export interface FetchedModule extends GivenModule {
  peer: string
}

/** How a fetch goes on: which peer is asked, how much of it has come, and which peers failed before. */
export interface FetchProgress {
  peer: string
  doneBytes: number
  /** 0 until the peer has answered. */
  totalBytes: number
  failures: readonly PeerFailure[]
}

export interface PeerFailure {
  peer: string
  error: GliaError
}

export interface FetchInit {
  cid: string
  /** The peer to ask first. */
  from?: string | undefined
  /** Peers that say that they have it. They are looked for when those before have failed. */
  providers(signal: AbortSignal): AsyncIterable<string>
  ask(peer: string, options: AskOptions): Promise<GivenModule>
  onProgress?: ((progress: FetchProgress) => void) | undefined
}

/**
 * Fetches a module from the first peer that gives it.
 * @throws {GliaError} the error of the only peer that was asked; ERR_UNREACHABLE that names what each of several peers
 * did; ERR_ABORTED if the signal aborts.
 */
export async function fetchModule(init: FetchInit, signal: AbortSignal): Promise<FetchedModule> {
  const { ask, onProgress } = init
  const failures: PeerFailure[] = []
  const look = new AbortController()
  try {
    for await (const peer of peersOf(init, AbortSignal.any([signal, look.signal]))) {
      const told = (doneBytes: number, totalBytes: number): void =>
        onProgress?.({ peer, doneBytes, totalBytes, failures: [...failures] })
      told(0, 0)
      try {
        const given = await ask(peer, { signal, onProgress: told })
        look.abort()
        return { peer, ...given }
      } catch (thrown) {
        if (signal.aborted) break
        failures.push({ peer, error: toGliaError(thrown) })
      }
    }
  } finally {
    look.abort()
  }
  if (signal.aborted) throw cancellation('You cancelled the fetch.', signal.reason)
  throw failureOf(failures)
}

/** The named peer, then the providers, each once. */
async function* peersOf({ from, providers }: FetchInit, signal: AbortSignal): AsyncGenerator<string> {
  const asked = new Set<string>()
  if (from !== undefined) {
    asked.add(from)
    yield from
  }
  try {
    for await (const peer of providers(signal)) {
      if (asked.size >= MAX_MODULE_PEERS) return
      if (asked.has(peer)) continue
      asked.add(peer)
      yield peer
    }
  } catch (thrown) {
    // Without a directory there are only the peers that are known already.
    if (!(thrown instanceof GliaError) && !signal.aborted) throw thrown
  }
}

function failureOf(failures: readonly PeerFailure[]): GliaError {
  const [first, ...others] = failures
  if (!first) return new GliaError('ERR_UNREACHABLE', 'No peer is known that has this module.')
  if (others.length === 0) return first.error
  const words = failures.map(({ error }) => error.message).join(' ')
  return new GliaError('ERR_UNREACHABLE', `None of ${failures.length} peers gave the module. ${words}`, {
    cause: first.error,
  })
}
