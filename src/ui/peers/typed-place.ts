import { isMethodName, PROTOCOL } from '../../glia/address.ts'
import { cut } from '../../glia/instance-key.ts'
import { isPid } from '../../glia/pid.ts'

/** What a typed text says of a process of another peer. */
export interface TypedPlace {
  pid: string
  /** As it was typed: whoever calls it says what is wrong with it. Undefined: the text names no key. */
  key?: string
  /** Undefined: the text is no whole address. */
  method?: string
}

/** Finds a process in a text: its PID, that of its instance of a key, or an address of either. */
export function placeIn(text: string): TypedPlace | undefined {
  const trimmed = text.trim()
  const parts = trimmed.split('/')
  // A key can have spaces. So the whole parts of an address are looked at before its words.
  const proc = [...parts, ...trimmed.split(/[/\s]/)].find((part) => isPid(cut(part)[0]))
  if (proc === undefined) return undefined
  const [pid, key] = cut(proc)
  const method = trimmed.startsWith(`${PROTOCOL}/`) && parts[4] === proc ? parts[5] : undefined
  return {
    pid,
    ...(key !== undefined && { key }),
    ...(method !== undefined && isMethodName(method) && { method }),
  }
}
