import type { GivenPolicy } from '../../glia/process/policy.ts'
import type { ScriptLanguage } from '../model.ts'

/** A text to begin with. */
export interface Template {
  /** Name of the process, unless the person gives another one. */
  readonly name: string
  readonly language: ScriptLanguage
  readonly words: string
  readonly text: string
  /** Rights that the process needs beyond the least. */
  readonly policy?: GivenPolicy
}

export const TEMPLATES: readonly [Template, ...Template[]] = [
  {
    name: 'echo',
    language: 'AssemblyScript',
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
    language: 'AssemblyScript',
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
    language: 'AssemblyScript',
    words: 'Upper: replies in upper case',
    text: `import { message, reply } from './actor'

export function upper(): void {
  reply(message().toUpperCase())
}
`,
  },
  {
    name: 'ask',
    language: 'AssemblyScript',
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
  {
    name: 'upper-c',
    language: 'C',
    words: 'Upper, in C: replies in upper case',
    text: `// Each METHOD reads the message and writes the reply.
#include "actor.h"
#include <ctype.h>

METHOD(upper) {
  char *text = message();
  for (char *c = text; *c; c++) *c = (char)toupper(*c);
  reply("%s", text);
  free(text);
}
`,
  },
  {
    name: 'counter-c',
    language: 'C',
    words: 'Counter, in C: keeps a number',
    text: `#include "actor.h"

// It lives from message to message.
static long total = 0;

// Adds the number in the message, or 1 if the message is empty.
METHOD(add) {
  char *text = message();
  char *end = text;
  long amount = *text ? strtol(text, &end, 10) : 1;
  if (*end && *end != '\\n') fail("%s is no number", text);
  free(text);
  total += amount;
  reply("%ld", total);
}

METHOD(value) { reply("%ld", total); }
`,
  },
  {
    name: 'words-c',
    language: 'C',
    words: 'Words, in C: an ordinary program',
    text: `// A program with a main runs anew for each message, from stdin to stdout.
#include <ctype.h>
#include <stdio.h>

int main(void) {
  int count = 0, inside = 0;
  for (int c; (c = getchar()) != EOF; inside = !isspace(c)) count += !inside && !isspace(c);
  printf("%d words\\n", count);
  return 0;
}
`,
  },
]
