import { readKey } from '../../glia/instance-key.ts'
import { wordsOf } from './notices.tsx'

/** A key as it was typed, or why it is none. */
export interface TypedKey {
  key?: string | undefined
  fault?: string
}

export function readTypedKey(text: string): TypedKey {
  try {
    return { key: readKey(text) }
  } catch (thrown) {
    return { fault: wordsOf(thrown).message }
  }
}
