import { GliaError, toGliaError } from '../glia/errors.ts'
import type { Link } from '../mesh/relays/link.ts'
import type { LinkState } from '../ui/model.ts'
import { JoinAttempt } from './join-attempt.ts'
import type { PageLink } from './page-link.ts'

/** The page's own link, and how far it is followed. */
export type OpenedLink = Link & { hash: string; state: LinkState }

/** The question to the person before a link is followed. */
export interface JoinQuestion {
  /** Peer id of the sender of the link. */
  from: string
  /** Hosts that would be dialled. */
  hosts: readonly string[]
}

export interface LinkFollowerInit {
  page: PageLink
  /** Id of this peer. */
  self: string
  /** Loads what reads links. */
  later(): Promise<{ parseLink(text: string): Link | undefined }>
  /** Resolves when the origin's own relays are known, or the origin cannot be reached. */
  originAsked: Promise<unknown>
  /** Hosts of a link that this tab does not know. */
  strangers(link: Link): readonly string[]
  /** Connects to the peer of a link. */
  accept(link: Link, signal: AbortSignal): Promise<string>
  changed(): void
}

/** Joins the mesh of the page's own link, and tries until the peer of the link is connected. */
export class LinkFollower {
  /** The page's own link; undefined if it has none, or a bad one. */
  opened: OpenedLink | undefined
  /** Why the page's link does not work now, and since when the page has that link. */
  badJoinLink: { error: GliaError; at: number } | undefined
  /** A link that names hosts which this tab does not know. None of them is dialled before the person agrees. */
  question: JoinQuestion | undefined
  readonly #init: LinkFollowerInit
  #answered: ((joins: boolean) => void) | undefined
  #attempt: JoinAttempt | undefined

  constructor(init: LinkFollowerInit) {
    this.#init = init
  }

  /** Follows the link that the page has now. Rejects if the code that reads links cannot be loaded. */
  async follow(): Promise<void> {
    const { page, self, later } = this.#init
    const { parseLink } = await later()
    const at = Date.now()
    const tell = (error: GliaError | undefined): void => {
      this.badJoinLink = error && { error, at }
      this.#init.changed()
    }
    this.stop()
    this.opened = undefined
    this.#ask(undefined)
    tell(undefined)
    const { hash } = page
    if (hash === '') return
    try {
      const link = parseLink(hash)
      if (!link) throw noSuchLink(hash)
      const opened: OpenedLink = { ...link, hash, state: link.peer === self ? 'own' : 'starting' }
      this.opened = opened
      if (opened.state === 'starting') void this.#consider(opened, () => this.#join(opened, tell))
    } catch (thrown) {
      page.forget()
      tell(toGliaError(thrown))
    }
  }

  /** The person's answer to {@link question}. */
  answer(joins: boolean): void {
    const answered = this.#answered
    this.#ask(undefined)
    answered?.(joins)
    this.#init.changed()
  }

  /** Tries at once to follow the link, and asks again if the person did not want to. */
  retry(): void {
    if (this.opened?.state === 'trying') this.hurry()
    else this.#init.page.retry()
  }

  /** Tries again at once, because the mesh is back. */
  hurry(): void {
    this.#attempt?.hurry()
  }

  stop(): void {
    this.#attempt?.stop()
    this.#attempt = undefined
  }

  /** Follows a link at once if it names no new hosts. Otherwise it waits for the person's consent. */
  async #consider(opened: OpenedLink, join: () => void): Promise<void> {
    const { page, originAsked, strangers } = this.#init
    await originAsked
    if (this.opened !== opened) return
    const hosts = strangers(opened)
    if (hosts.length === 0 || page.isAgreed) return join()
    opened.state = 'asked'
    this.#ask({ from: opened.peer, hosts }, (joins) => {
      if (joins) {
        page.agree()
        return join()
      }
      page.forget()
      opened.state = 'declined'
    })
  }

  #join(opened: OpenedLink, tell: (error: GliaError | undefined) => void): void {
    opened.state = 'trying'
    this.#init.changed()
    this.#attempt = new JoinAttempt({
      connect: (signal) => this.#init.accept(opened, signal),
      tell: (error) => {
        if (!error) opened.state = 'joined'
        tell(error)
      },
    })
  }

  #ask(question: JoinQuestion | undefined, answered?: (joins: boolean) => void): void {
    this.question = question
    this.#answered = answered
    this.#init.changed()
  }
}

/** A hash that is neither the address of a view nor a link of Glia. */
function noSuchLink(hash: string): GliaError {
  const shown = hash.length > 80 ? `${hash.slice(0, 80)}…` : hash
  return new GliaError(
    'ERR_BAD_REQUEST',
    `This page knows no link that is like “${shown}”. It may be cut off, or of a newer version.`,
  )
}
