import { signal } from '@preact/signals'
import type { KeptPeople } from '../actors/table/schema.ts'
import type { Store } from '../actors/table/store.ts'
import { GliaError } from '../glia/errors.ts'
import type { Logger } from '../glia/log.ts'
import { isPeerId } from '../glia/peer-id.ts'
import { cleanName } from '../glia/peer-name.ts'

/** Most names that a person gives, and most peers that a person blocks. */
const MAX_PEOPLE = 10_000

/** Most peers that may manage processes: as many as a policy lists. */
const MAX_MANAGERS = 1000

const NOBODY: KeptPeople = { ownName: '', names: {}, blocked: {} }

export interface PeopleInit {
  /** Name of what is kept in this browser: its tabs tell each other of changes. */
  storage: string
  /** Left out: nothing is kept. */
  store: Store | undefined
  log: Logger
  alive: AbortSignal
}

/** The name of this browser, the names that its person gave to peers, and the peers that are blocked. All tabs share them. */
export class People {
  readonly view = signal(NOBODY)
  /** Called when they have changed, in this tab or in another one. */
  changed: (() => void) | undefined
  readonly #store: Store | undefined
  readonly #tabs: BroadcastChannel

  constructor({ storage, store, log, alive }: PeopleInit) {
    this.#store = store
    this.#tabs = new BroadcastChannel(`${storage}-people`)
    this.#tabs.addEventListener('message', () => {
      this.load().catch((thrown: unknown) =>
        log.warn('the names and blocks of another tab are not known here:', thrown),
      )
    })
    alive.addEventListener('abort', () => this.#tabs.close(), { once: true })
  }

  /** Reads what is kept. @throws {GliaError} ERR_STORAGE */
  async load(): Promise<void> {
    this.#show(await this.#store?.people())
  }

  readonly isBlocked = (peer: string): boolean => Object.hasOwn(this.view.peek().blocked, peer)

  /** @throws {GliaError} ERR_STORAGE */
  async setOwnName(text: string): Promise<void> {
    await this.#change((kept) => ({ ...kept, ownName: cleanName(text) }))
  }

  /** An empty text takes the name away. @throws {GliaError} ERR_BAD_ADDRESS, ERR_STORAGE */
  async setName(peer: string, text: string): Promise<void> {
    checkPeer(peer)
    const name = cleanName(text)
    await this.#change((kept) => ({ ...kept, names: withEntry(kept.names, peer, name === '' ? undefined : name) }))
  }

  /** @throws {GliaError} ERR_BAD_ADDRESS, ERR_STORAGE */
  async setBlocked(peer: string, isBlocked: boolean): Promise<void> {
    checkPeer(peer)
    await this.#change((kept) => ({
      ...kept,
      blocked: withEntry(kept.blocked, peer, isBlocked ? Date.now() : undefined),
    }))
  }

  /** Who may make and manage processes of this browser, besides its pages. */
  get managers(): readonly string[] {
    return this.view.peek().managers ?? []
  }

  /** @throws {GliaError} ERR_BAD_ADDRESS, ERR_STORAGE */
  async setManager(peer: string, isManager: boolean): Promise<void> {
    checkPeer(peer)
    await this.#change((kept) => {
      const others = (kept.managers ?? []).filter((each) => each !== peer)
      if (isManager && others.length >= MAX_MANAGERS)
        throw new GliaError('ERR_STORAGE', `At most ${MAX_MANAGERS} peers may manage the processes of this browser.`)
      return { ...kept, managers: isManager ? [...others, peer] : others }
    })
  }

  async #change(change: (kept: KeptPeople) => KeptPeople): Promise<void> {
    const changed = this.#store
      ? await this.#store.changePeople((kept) => change(kept ?? NOBODY))
      : change(this.view.peek())
    this.#show(changed)
    this.#tabs.postMessage('changed')
  }

  #show(people: KeptPeople | undefined): void {
    if (people) this.view.value = people
    this.changed?.()
  }
}

function checkPeer(peer: string): void {
  if (!isPeerId(peer)) throw new GliaError('ERR_BAD_ADDRESS', `“${peer.slice(0, 200)}” is not a peer id.`)
}

/** @throws {GliaError} ERR_STORAGE if there are too many */
function withEntry<T>(entries: Readonly<Record<string, T>>, key: string, value: T | undefined): Record<string, T> {
  const { [key]: _, ...others } = entries
  if (value === undefined) return others
  if (Object.keys(others).length >= MAX_PEOPLE)
    throw new GliaError('ERR_STORAGE', `This browser keeps at most ${MAX_PEOPLE} names and blocked peers.`)
  return { ...others, [key]: value }
}
