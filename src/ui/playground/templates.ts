import type { GivenPolicy } from '../../glia/process/policy.ts'

/** A text to begin with. */
export interface Template {
  /** Name of the process, unless the person gives another one. */
  readonly name: string
  readonly words: string
  readonly text: string
  /** Rights that the process needs beyond the least. */
  readonly policy?: GivenPolicy
}

export const TEMPLATES: readonly [Template, ...Template[]] = [
  {
    name: 'echo',
    words: 'Echo: replies the message',
    text: `// Each exported function is a method. It reads the message and writes the reply.
import { message, reply } from './actor'

export function echo(): void {
  reply(message())
}
`,
  },
  {
    name: 'counter',
    words: 'Counter: keeps a number',
    text: `import { fail, message, reply } from './actor'

// It lives from message to message.
let total: i64 = 0

/** Adds the number in the message, or 1 if the message is empty. */
export function add(): void {
  const text = message().trim()
  const amount = text == '' ? 1 : parseFloat(text)
  if (isNaN(amount)) fail(text + ' is no number')
  total += <i64>amount
  reply(total.toString())
}

export function value(): void {
  reply(total.toString())
}
`,
  },
  {
    name: 'upper',
    words: 'Upper: replies in upper case',
    text: `import { message, reply } from './actor'

export function upper(): void {
  reply(message().toUpperCase())
}
`,
  },
  {
    name: 'ask',
    words: 'Ask: calls another process',
    text: `import { ask, log, message, reply } from './actor'

// "self" is this tab, "root" the process that every tab has. A peer id and a PID
// lead to a process anywhere.
const ADDRESS = '/ww/0.1.0/self/root/echo'

export function relay(): void {
  const text = message()
  log('asks ' + ADDRESS)
  reply('root says: ' + ask(ADDRESS, text))
}
`,
    policy: { call: 'caller' },
  },
]
