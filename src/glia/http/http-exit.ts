import { GliaError } from '../errors.ts'
import type { RequestHeaders } from './http-calls.ts'

/** Header or trailer with the exit code of the program of a reply. */
export const EXIT_HEADER = 'glia-exit-code'

/** Most bytes of a reply that are held back until the exit code is known, if the caller wants the code in the head. */
const HELD_BYTES = 64 * 1024

/** Whether the query of a request takes exit codes other than 0 as success. @throws {GliaError} ERR_BAD_REQUEST */
export function acceptsExit(query: string): boolean {
  if (query === '') return false
  const exit = new URLSearchParams(query).get('exit')
  if (exit === null || exit === 'ok') return exit === 'ok'
  throw new GliaError('ERR_BAD_REQUEST', 'The parameter exit can be “ok”: every exit code is a success then.')
}

/** Whether a client says that it reads trailers. */
export function readsTrailers(headers: RequestHeaders): boolean {
  return /(?:^|,)\s*trailers\s*(?:$|[,;])/i.test(headers.get('te') ?? '')
}

/**
 * The exits of programs, by response. Each resolves when the body has ended: undefined means code 0, or that none is
 * known.
 */
const exits = new WeakMap<Response, Promise<GliaError | undefined>>()

/** The exit of a response of the API. It resolves when the body has ended. Undefined for a response without one. */
export function exitOf(response: Response): Promise<GliaError | undefined> | undefined {
  return exits.get(response)
}

export function noteExit(response: Response, exit: Promise<GliaError | undefined>): Response {
  exits.set(response, exit)
  return response
}

interface Reply {
  read(): Promise<Uint8Array | null>
  readonly exit?: GliaError | undefined
}

/** The reply of a program. It ends at the program's exit, if the caller accepts that. */
export class ProgramReply {
  readonly #source: Reply
  readonly #accepts: boolean
  readonly #ended = Promise.withResolvers<GliaError | undefined>()
  readonly #held: Uint8Array[] = []
  #over = false

  /** @param accepts Whether an exit with a code other than 0 is an ordinary end. */
  constructor(source: Reply, accepts: boolean) {
    this.#source = source
    this.#accepts = accepts
  }

  /** Resolves at the end of the reply, with the exit. */
  get ended(): Promise<GliaError | undefined> {
    return this.#ended.promise
  }

  /** Reads ahead until the reply has ended, or is too long to hold back. @returns whether it has ended. */
  async hold(): Promise<boolean> {
    for (let bytes = 0; bytes < HELD_BYTES;) {
      const chunk = await this.#next()
      if (chunk === null) return true
      this.#held.push(chunk)
      bytes += chunk.length
    }
    return false
  }

  async read(): Promise<Uint8Array | null> {
    return this.#held.shift() ?? this.#next()
  }

  async #next(): Promise<Uint8Array | null> {
    if (this.#over) return null
    try {
      const chunk = await this.#source.read()
      if (chunk === null) this.#end(this.#source.exit)
      return chunk
    } catch (thrown) {
      const isExit = this.#accepts && thrown instanceof GliaError && thrown.exitCode !== undefined
      this.#end(isExit ? thrown : undefined)
      if (!isExit) throw thrown
      return null
    }
  }

  #end(exit: GliaError | undefined): void {
    this.#over = true
    this.#ended.resolve(exit)
  }
}
