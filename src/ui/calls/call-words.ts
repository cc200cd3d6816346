import { cut } from '../../glia/instance-key.ts'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import type { Way } from '../../glia/trace/note.ts'
import type { Waiting } from '../../glia/trace/waiting.ts'
import { isPeerId } from '../../glia/peer-id.ts'
import { formatCount, formatMoment, formatMs, shortId } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'

export const WAY_WORDS: Readonly<Record<Way, string>> = { in: 'in', out: 'out', through: 'through' }

/** The name of a process of this tab, of an instance with its key; undefined for others. */
export type NameOf = (pid: string) => string | undefined

/** What a {@link NameOf} gives. @param names The names of processes, by PID. */
export function nameIn(names: ReadonlyMap<string, string>, pid: string): string | undefined {
  const [process, key] = cut(pid)
  const name = names.get(process)
  return name === undefined ? undefined : withKey(name, key)
}

/** A process in a few words, also one that has no name. */
export function processWords(pid: string, nameOf: NameOf): string {
  const [process, key] = cut(pid)
  return nameOf(pid) ?? withKey(shortId(process), key)
}

function withKey(words: string, key: string | undefined): string {
  return key === undefined ? words : `${words}:${key}`
}

/** Who called, in a few words. */
export function callerWords({ caller, chain, way }: TracedCall, nameOf: NameOf): string {
  if (isPeerId(caller)) return `peer ${peerWords(caller)}`
  if (caller !== 'browser') return processWords(caller, nameOf)
  if (way === 'through') return 'another page'
  const [host, process] = chain.at(-1)?.split('/') ?? []
  return host !== undefined && process !== undefined ? `process of ${peerWords(host)}` : 'page'
}

/** The called process and its peer, in a few words. */
export function calleeWords({ way, host, pid }: TracedCall, nameOf: NameOf): string {
  const process = processWords(pid, nameOf)
  return way === 'in' ? process : `${process} at ${peerWords(host)}`
}

export function statusWords({ status, exitCode }: Pick<TracedCall, 'status' | 'exitCode'>): string {
  if (status === 'pending') return 'waiting'
  return exitCode === undefined ? status : `${status} ${exitCode}`
}

/** The parts of a call's time, for its bar. */
export function partWords({ way, parts }: Pick<TracedCall, 'way' | 'parts'>): string {
  const { network, queue, run } = parts
  if (way !== 'in') return `${formatMs(network)} until the peer was reached, ${formatMs(run)} there and back`
  return `${formatMs(network)} network, ${formatMs(queue)} in the mailbox, ${formatMs(run)} run`
}

/** Why a call is not over, in a sentence. The time since then stands beside it. */
export function waitingWords(waiting: Waiting, { method, host }: TracedCall): string {
  const words: Readonly<Record<Waiting['for'], string>> = {
    message: 'It waits for the first bytes of its message.',
    turn: waiting.for === 'turn' ? turnWords(waiting) : '',
    backoff: 'The process has ended and comes back after a pause. Then the mailbox goes on.',
    start: 'It has its turn. The process is being started.',
    input: `${method} runs and waits for more of its message, or for its caller to read the reply.`,
    calls: `${method} runs and waits for ${waiting.for === 'calls' && waiting.calls.length === 1 ? 'a call' : 'calls'} of its own.`,
    program: `${method} runs. It waits for nothing that this page can see.`,
    peer: `${peerWords(host)} is being reached.`,
    reply: `${peerWords(host)} has the call, and its reply is not complete.`,
  }
  return words[waiting.for]
}

function turnWords({ position, waiting, acts }: Extract<Waiting, { for: 'turn' }>): string {
  const place = `It is number ${position} of ${waiting} in the mailbox of its process, which takes one message at a time.`
  if (acts === 0) return place
  return `${place} ${acts === 1 ? 'A restart, a swap or the like goes' : `${acts} acts of yours, such as a restart, go`} first.`
}

/** When a call began, and what a narrow table leaves out of that: `12:04:31` and `.250`, or `22 Nov` and `, 12:04`. */
export function timeWords(at: number, now = Date.now()): readonly [string, string] {
  const [first = '', clock] = formatMoment(at, now).split(', ')
  return [first, clock === undefined ? `.${String(at % 1000).padStart(3, '0')}` : `, ${clock}`]
}

/** The id of a call in addresses. */
export function callIdText(id: number): string {
  return id.toString(36)
}

/** The id of a call from an address. */
export function idOfCall(text: string): number {
  return Number.parseInt(text, 36)
}

/** How many calls that a replayed program makes the record answers. */
export function answeredWords(calls: number): string {
  if (calls === 0) return 'The program made no call that the record had to answer.'
  const which = calls === 1 ? 'One call of the program was' : `${formatCount(calls)} calls of the program were`
  return `${which} answered from the record.`
}
