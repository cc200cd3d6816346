import { Session, type SessionInit } from './session.ts'
import type { SessionStream } from './session-stream.ts'
import { type TestChannel, testChannels, type TestChannelInit } from './test-channel.ts'
import type { Stream } from '../stream/stream.ts'
import { OTHER, SELF } from '../test-peer.ts'

export interface TestSessions {
  /** The calling end, as peer OTHER, and the serving end, as peer SELF. */
  caller: Session
  server: Session
  /** The ends of the channel: the caller's, and the server's. */
  near: TestChannel
  far: TestChannel
}

export type TestSessionsInit = TestChannelInit & Partial<Omit<SessionInit, 'channel' | 'serve' | 'local' | 'remote'>>

/** A session between two peers, over a channel in memory. */
export function testSessions(serve: (stream: SessionStream) => unknown, init: TestSessionsInit = {}): TestSessions {
  const [near, far] = testChannels(init)
  const caller = new Session({ ...init, channel: near, local: OTHER, remote: SELF })
  const server = new Session({ ...init, channel: far, local: SELF, remote: OTHER, serve })
  return { caller, server, near, far }
}

/** Serves a call by sending its message back. */
export async function echoStream(stream: Stream): Promise<void> {
  try {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) await stream.write(chunk)
    await stream.close()
  } catch {
    // The call is over.
  }
}

/** A call. Whoever waits for the next call gets its serving end. */
export class Served {
  readonly #waiting: ((stream: SessionStream) => void)[] = []
  readonly serve = (stream: SessionStream): void => this.#waiting.shift()?.(stream)

  next(): Promise<SessionStream> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
