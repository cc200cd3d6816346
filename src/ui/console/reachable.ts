import { signal } from '@preact/signals'
import { PROTOCOL } from '../../glia/address.ts'
import type { Choice } from '../kit/choices.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { ProcessView, TabModel } from '../model.ts'

/** Peers that are asked at the same time, and in all. Others are called by their address. */
const AT_ONCE = 4
const MAX_PEERS = 64
/** An answer is used for so long, in ms. */
const FRESH_MS = 30_000
/** A peer that did not answer is asked again after so long, in ms. */
const RETRY_MS = 5_000
/** Methods of the root process of every peer. */
const ROOT_METHODS = ['about', 'echo']

type Model = Pick<TabModel, 'processes' | 'peers' | 'listedBy'>

/** The methods that can be called from here: of this tab, and those that other peers list to it. */
export class Reachable {
  /** The methods of other peers, as far as they have answered. */
  readonly #listed = signal<ReadonlyMap<string, readonly Choice[]>>(new Map())
  /** When each peer may be asked again, by `Date.now()`. While it is being asked, that is never. */
  readonly #askAgainAt = new Map<string, number>()
  /** Those of each process of this tab. A call changes the view of one process among a thousand. */
  readonly #own = new WeakMap<ProcessView, readonly Choice[]>()
  #last: { of: unknown; listed: unknown; choices: readonly Choice[] } | undefined

  /** All of them, those of this tab first. Reads the signals of the model. */
  choices(model: Pick<Model, 'processes'>): readonly Choice[] {
    const of = model.processes.value
    const listed = this.#listed.value
    if (this.#last?.of === of && this.#last.listed === listed) return this.#last.choices
    const choices = [...of.flatMap((process) => this.#ofProcess(process)), ...[...listed.values()].flat()]
    this.#last = { of, listed, choices }
    return choices
  }

  /** Asks the connected peers which of their processes they list, if that is not known. Never rejects. */
  async ask(model: Model, cancelled: AbortSignal): Promise<void> {
    const peers = model.peers.peek().filter(({ link, processes }) => link !== 'none' && processes)
    const due = peers
      .map(({ peerId }) => peerId)
      .filter((peerId) => this.#isDue(peerId))
      .slice(0, MAX_PEERS)
    const askNext = async (): Promise<void> => {
      for (let peerId = due.shift(); peerId !== undefined && !cancelled.aborted; peerId = due.shift()) {
        // Another call of this may have asked it meanwhile.
        // oxlint-disable-next-line no-await-in-loop -- a few at a time
        if (this.#isDue(peerId)) await this.#askPeer(model, peerId, cancelled)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, askNext))
  }

  #isDue(peerId: string): boolean {
    return Date.now() >= (this.#askAgainAt.get(peerId) ?? 0)
  }

  /** A peer that does not answer has its root process all the same. */
  async #askPeer(model: Model, peerId: string, cancelled: AbortSignal): Promise<void> {
    const where = peerWords(peerId)
    const choices = ROOT_METHODS.map((method) => choiceOf(peerId, 'root', 'root', method, where))
    let usedForMs = FRESH_MS
    this.#askAgainAt.set(peerId, Infinity)
    try {
      for (const { pid, name, methods } of await model.listedBy(peerId, cancelled)) {
        choices.push(...methods.map((method) => choiceOf(peerId, pid, name, method, where)))
      }
    } catch {
      // The call says why the peer cannot be reached. A list that was closed too early says nothing about the peer.
      usedForMs = cancelled.aborted ? 0 : RETRY_MS
    }
    this.#askAgainAt.set(peerId, Date.now() + usedForMs)
    this.#listed.value = new Map(this.#listed.peek()).set(peerId, choices)
  }

  #ofProcess(process: ProcessView): readonly Choice[] {
    const known = this.#own.get(process)
    if (known) return known
    const { pid, name, methods } = process
    const choices = methods.map((method) => choiceOf('self', pid, name, method, 'this tab'))
    this.#own.set(process, choices)
    return choices
  }
}

function choiceOf(host: string, pid: string, name: string, method: string, where: string): Choice {
  return { value: `${PROTOCOL}/${host}/${pid}/${method}`, words: `${name} · ${method}`, hint: where }
}
