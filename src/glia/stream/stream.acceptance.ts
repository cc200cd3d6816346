import { describe, expect, test } from 'vitest'
import { acceptStreams as acceptWith, type StreamCase } from './suite.acceptance.ts'

/** The acceptance suite of streams, with the vitest of this repository. */
export function acceptStreams(name: string, init: StreamCase): void {
  acceptWith(name, init, { describe, expect, test })
}
