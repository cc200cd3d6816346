import { type ReadonlySignal, signal } from '@preact/signals'
import { readHash, type Route } from './route.ts'

const current = signal(readHash(location.hash))

/** Where the page is. The browser's history keeps the earlier places: each link to a hash adds one. */
export const route: ReadonlySignal<Route> = current

/** Goes to a place, as a click on a link does. */
export function goTo(hash: string): void {
  location.hash = hash
}

addEventListener('hashchange', read)

function read(): void {
  const next = readHash(location.hash)
  const { view, id, part, host } = current.peek()
  // A join link, for example, changes the hash and not the place.
  if (next.view !== view || next.id !== id || next.part !== part || next.host !== host) current.value = next
}
