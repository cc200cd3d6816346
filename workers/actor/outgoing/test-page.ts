// For tests: a page on which a guest handles a message, and the processes that it may call.
import { OutgoingCalls, type OutgoingMesh } from '../../../src/actors/outgoing/outgoing-calls.ts'
import { guestFrame } from '../../../src/actors/carrier/frames.ts'
import { PagePort } from '../../../src/actors/carrier/page-port.ts'
import type { Message } from '../../../src/glia/process/actor.ts'
import { newPid } from '../../../src/glia/pid.ts'
import type { ListedProcess } from '../../../src/glia/listing.ts'
import { type GivenPolicy, makePolicy } from '../../../src/glia/process/policy.ts'
import type { Proc } from '../../../src/glia/process/proc.ts'
import type { OpenRemote } from '../../../src/glia/router.ts'
import { makePeer, OTHER } from '../../../src/glia/test-peer.ts'

export interface TestPageInit {
  /** The first is the root. */
  procs?: readonly Proc[]
  openRemote?: OpenRemote
  maxCalls?: number
  /** Policy of the calling process. */
  policy?: GivenPolicy
  /** What the other peer lists. */
  listed?: readonly ListedProcess[]
  /** Peers for which the message was sent. */
  onBehalfOf?: readonly string[]
}

export interface TestPage {
  /** The worker's end. */
  port: MessagePort
  /** Lines in the process's log. */
  lines: string[]
  /** Errors for which the worker would have been ended. */
  broken: unknown[]
  message: Message
  /** Ends the call that brought the message. */
  abort(reason: Error): void
  /** Ends the handling of the message. */
  end(): Promise<void>
}

export function testPage({
  procs = [],
  openRemote,
  maxCalls = 4,
  policy,
  onBehalfOf = [],
  listed = [],
}: TestPageInit = {}): TestPage {
  const { router } = makePeer(procs, openRemote)
  const mesh: OutgoingMesh = {
    aliases: router.aliases,
    hosts: async () => [OTHER],
    listed: async () => listed,
    procs: () => procs.map((proc, i) => ({ pid: proc.pid, methods: proc.methods, policy: proc.policy, root: i === 0 })),
    resolve: (path, signal) => router.resolve(path, { signal }),
    serve: (stream) => router.serveStream(stream),
  }
  const lines: string[] = []
  const broken: unknown[] = []
  const caller = newPid()
  const calls = new OutgoingCalls({
    caller,
    mesh,
    policy: () => makePolicy({ call: 'caller', maxCalls, ...policy }),
    post: (frame) => port.post(frame),
    nudge: () => undefined,
    report: (line) => lines.push(line),
  })
  const port = new PagePort(
    (frame) => calls.receive(guestFrame(frame)),
    (thrown) => broken.push(thrown),
  )
  const handling = Promise.withResolvers<void>()
  const aborter = new AbortController()
  const message: Message = {
    read: async () => null,
    write: async () => undefined,
    closeRead: () => undefined,
    closeWrite: () => undefined,
    signal: aborter.signal,
    context: { chain: ['peer/caller'], onBehalfOf, deadlineAt: undefined },
  }
  const handled = calls.during(message, () => handling.promise)
  return {
    port: port.worker,
    lines,
    broken,
    message,
    abort: (reason) => aborter.abort(reason),
    end: () => {
      handling.resolve()
      return handled
    },
  }
}
