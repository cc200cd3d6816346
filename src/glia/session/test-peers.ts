import { Session, type SessionInit } from './session.ts'
import type { SessionStream } from './session-stream.ts'
import { type TestChannel, testChannels, type TestChannelInit } from './test-channel.ts'
import type { Stream } from '../stream/stream.ts'
import { OTHER, SELF } from '../test-peer.ts'

export interface TestSessions {
  /** The end that calls, as peer OTHER, and the end that serves, as peer SELF. */
  caller: Session
  server: Session
  /** The ends of the channel: what the caller sends, and what the server sends. */
  near: TestChannel
  far: TestChannel
}

export type TestSessionsInit = TestChannelInit & Partial<Omit<SessionInit, 'channel' | 'serve' | 'local' | 'remote'>>

/** A session between two peers, over a channel in memory. */
export function testSessions(serve: (stream: SessionStream) => void, init: TestSessionsInit = {}): TestSessions {
  const [near, far] = testChannels(init)
  const caller = new Session({ ...init, channel: near, local: OTHER, remote: SELF })
  const server = new Session({ ...init, channel: far, local: SELF, remote: OTHER, serve })
  return { caller, server, near, far }
}

/** Serves a call by sending back what comes. */
export async function echoStream(stream: Stream): Promise<void> {
  try {
    for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) await stream.write(chunk)
    await stream.close()
  } catch {
    // The call is over.
  }
}

/** A call whose serving end comes to whoever waits for the next one. */
export class Served {
  readonly #waiting: ((stream: SessionStream) => void)[] = []
  readonly serve = (stream: SessionStream): void => this.#waiting.shift()?.(stream)

  next(): Promise<SessionStream> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
