import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clangVersion } from '../../src/build/clang.ts'
import { cGuest } from '../guests/c-guest.ts'
import { guest, GUEST_NAMES } from '../guests/guests.ts'
import { ROOT } from '../server.ts'
import type { Corpus } from './mutate.ts'

const ACTORS = join(ROOT, 'dist/actors')
const C_GUESTS = ['calls', 'files'] as const

/** The bundled actors of the build and the guests of the tests; those in C where the optional compiler is installed. */
export async function readCorpus(): Promise<Corpus> {
  const corpus = new Map<string, Uint8Array>()
  for (const file of readdirSync(ACTORS).sort()) {
    if (file.endsWith('.wasm')) corpus.set(file, readFileSync(join(ACTORS, file)))
  }
  for (const name of GUEST_NAMES) corpus.set(`as/${name}`, await guest(name))
  if ((await clangVersion()) === undefined) return corpus
  for (const name of C_GUESTS) corpus.set(`c/${name}`, await cGuest(name))
  return corpus
}
