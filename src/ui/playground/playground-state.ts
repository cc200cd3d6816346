import { computed, signal } from '@preact/signals'
import { Attempt } from '../kit/attempt.ts'
import { keepText, keptText } from '../kit/page-storage.ts'
import type { ScriptProblem } from '../model.ts'
import { type Template, TEMPLATES } from './templates.ts'

/** What a person made of a template. */
export interface Sketch {
  name: string
  text: string
  /** PID of the process that the last build made. */
  pid?: string | undefined
}

/** Longest text that is built and kept, in UTF-16 units. */
export const MAX_TEXT = 100_000

const MAX_NAME = 100

const KEY = 'glia-playground'

/** What the playground has, across views and reloads. A change of the template loses no text. */
export class PlaygroundState {
  readonly chosen = signal<Template>(TEMPLATES[0])
  readonly #sketches = signal<Readonly<Record<string, Sketch>>>({})
  readonly sketch = computed((): Sketch => {
    const { name, text } = this.chosen.value
    return this.#sketches.value[name] ?? { name, text }
  })
  /** What the compiler said of the text that it was given last. */
  readonly problems = signal<{ text: string; found: readonly ScriptProblem[] } | undefined>(undefined)
  /** How the last build ended, in a sentence. */
  readonly outcome = signal('')
  /** How much of the compiler has come, in words; empty while it is not being loaded. */
  readonly loaded = signal('')
  readonly build = new Attempt()
  /** False if the browser keeps nothing for this page. */
  readonly isKept = signal(true)

  constructor() {
    const { chosen, sketches } = readKept(keptText(KEY) ?? '')
    this.chosen.value = TEMPLATES.find(({ name }) => name === chosen) ?? TEMPLATES[0]
    this.#sketches.value = sketches
  }

  choose(name: string): void {
    this.chosen.value = TEMPLATES.find((each) => each.name === name) ?? this.chosen.value
    this.problems.value = undefined
    this.outcome.value = ''
    this.#keep()
  }

  /** @param of The template whose sketch changes, while another one may be shown. */
  edit(changes: Partial<Sketch>, of = this.chosen.peek()): void {
    const before = this.#sketches.peek()[of.name] ?? { name: of.name, text: of.text }
    this.#sketches.value = { ...this.#sketches.peek(), [of.name]: { ...before, ...changes } }
    this.#keep()
  }

  #keep(): void {
    const text = JSON.stringify({ chosen: this.chosen.peek().name, sketches: this.#sketches.peek() })
    this.isKept.value = keepText(KEY, text)
  }
}

/** What was kept. Whatever is not as this version writes it is left out. */
export function readKept(json: string): { chosen: unknown; sketches: Record<string, Sketch> } {
  const read = parsed(json)
  const given = isObject(read) && isObject(read['sketches']) ? read['sketches'] : {}
  const sketches: Record<string, Sketch> = {}
  for (const { name } of TEMPLATES) {
    const sketch = Object.hasOwn(given, name) ? given[name] : undefined
    if (isSketch(sketch)) sketches[name] = sketch
  }
  return { chosen: isObject(read) ? read['chosen'] : undefined, sketches }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}

function isSketch(value: unknown): value is Sketch {
  if (!isObject(value)) return false
  const { name, text, pid } = value
  return (
    typeof name === 'string' &&
    name.length <= MAX_NAME &&
    typeof text === 'string' &&
    text.length <= MAX_TEXT &&
    (pid === undefined || typeof pid === 'string')
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
