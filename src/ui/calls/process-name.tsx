import { chainNameOf } from '../../glia/chain-name.ts'
import { shortId } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'
import { type NameOf, processWords } from './call-words.ts'

export interface ProcessNameProps {
  /** A name in chains, or a peer id. */
  name: string
  self: string
  /** Processes of this tab of which it may be the name: see {@link pidsByName}. */
  pids: ReadonlyMap<string, string>
  nameOf: NameOf
}

/** PIDs of processes of this tab by their names in chains. */
export function pidsByName(self: string, pids: Iterable<string>): ReadonlyMap<string, string> {
  return new Map(Array.from(new Set(pids), (pid) => [chainNameOf(self, pid), pid]))
}

/** A process that is known by its name in chains only. A process of this tab is shown by its own name. */
export function ProcessName({ name, self, pids, nameOf }: ProcessNameProps) {
  const [peer = '', process] = name.split('/')
  if (process === undefined) return <span title={name}>{peer === self ? 'this page' : `peer ${peerWords(peer)}`}</span>
  const pid = pids.get(name)
  const words = pid === undefined ? shortId(process) : processWords(pid, nameOf)
  return <span title={name}>{peer === self ? words : `${words} at ${peerWords(peer)}`}</span>
}
