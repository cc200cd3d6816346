import { cGuest } from '../guests/c-guest.ts'
import { goGuest } from '../guests/go-guest.ts'
import { guest } from '../guests/guests.ts'
import { rustKeeper } from '../guests/rust-guest.ts'

/** The policy under which nothing that was answered may be forgotten. */
export const POLICY = { memory: 'durable', durable: 'before-reply' } as const

/** The method that counts. Its reply begins with the count. */
export const METHOD = 'note'

/** Stateful actors by language: those whose compiler is installed. */
export async function keepers(): Promise<Map<string, Uint8Array>> {
  const built = await Promise.all([cGuest('keeper'), rustKeeper(), goGuest(), guest('keeper')])
  const names = ['C', 'Rust', 'Go', 'AssemblyScript']
  return new Map(names.flatMap((name, i) => (built[i] ? [[name, built[i]] as const] : [])))
}

/** What an actor has answered, over all lives of its peer. */
export class Tally {
  readonly name: string
  #last = 0
  /** Messages whose reply has not come. Each may have counted. */
  #open = 0
  readonly wrong: string[] = []
  answers = 0

  constructor(name: string) {
    this.name = name
  }

  sent(): void {
    this.#open += 1
  }

  /** Notes the reply to the message that was sent last. */
  answered(reply: string): void {
    const count = Number.parseInt(reply, 10)
    const most = this.#last + this.#open
    if (!(count > this.#last && count <= most)) {
      const why = count <= this.#last ? 'forgotten' : 'applied twice'
      this.wrong.push(`${this.name}: ${count} after ${this.#last}, with ${this.#open} messages sent: ${why}`)
    }
    this.#last = count
    this.#open = 0
    this.answers += 1
  }
}
