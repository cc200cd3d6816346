import type { Exit } from '../../glia/process/exit.ts'
import type { Watch } from '../../glia/process/links.ts'
import type { Pid } from '../../glia/pid.ts'
import { makePolicy, type Policy } from '../../glia/process/policy.ts'
import { makeRestart, type Restart } from '../../glia/process/restart.ts'
import type { MountedFile } from '../files/given-mounts.ts'

/** The facts about a module that its process needs. */
export interface ModuleVersion {
  cid: string
  moduleBytes: number
  methods: readonly string[]
}

/** A kept process: enough to bring it back, cold, under the same PID. */
export interface ProcessRecord extends ModuleVersion {
  pid: Pid
  /** Slot of the identity that runs it. */
  slot: number
  name: string
  /** What it does, for people who open a link to it. */
  description?: string | undefined
  args: readonly string[]
  env: Readonly<Record<string, string>>
  policy: Policy
  restart: Restart
  /** Whether its standard descriptors look like a terminal. */
  tty?: boolean | undefined
  /** Whether it has an instance for each key. */
  key?: boolean | undefined
  /** Its files outside of `/data`. */
  mounts?: readonly MountedFile[] | undefined
  /** When all instances began anew, in ms since the epoch, if it has one for each key. */
  renewedAt?: number | undefined
  /** The module before the last swap. */
  previous?: ModuleVersion | undefined
  /** The last ends of its instances, oldest first. */
  exits?: readonly Exit[] | undefined
  /** Why it is dead; undefined while it lives. */
  dead?: string | undefined
  /** The processes that it watches. */
  watches?: readonly Watch[] | undefined
  /** The processes that it is linked to. */
  links?: readonly Pid[] | undefined
  /** The process of this peer that made it. Left out: a person or another peer did. */
  parent?: Pid | undefined
  /** It was killed, and its page may undo that as long as it is open. Nobody finds it. */
  killed?: boolean | undefined
  /** Bundled root processes cannot be killed. */
  root: boolean
  /** ms since the epoch: the order of the table. */
  createdAt: number
}

/** An instance of a process with keys, besides its files and its memory. Those are kept under its PID. */
export interface KeyRecord {
  key: string
  /** ms since the epoch. */
  createdAt: number
  /** The last ends of its instance, oldest first. */
  exits?: readonly Exit[] | undefined
  /** Why it is dead; undefined while it lives. */
  dead?: string | undefined
}

/** CIDs that a process needs: its modules, and its files outside of `/data`. */
export function modulesOf({ cid, previous, mounts = [] }: ProcessRecord): string[] {
  return [cid, ...(previous ? [previous.cid] : []), ...mounts.map((mount) => mount.cid)]
}

/**
 * A record with all fields that an earlier version of the app did not write. A record of a later version, with fields
 * unknown here, is left alone: the process must not run with less of a policy than it was given. The exception is the
 * root process, which is the app's own and has to be there under its PID: it gets the defaults.
 */
export function completed(record: ProcessRecord): ProcessRecord[] {
  try {
    return [{ ...record, policy: makePolicy({ ...record.policy }), restart: makeRestart(record.restart) }]
  } catch {
    return record.root ? [{ ...record, policy: makePolicy({}), restart: makeRestart() }] : []
  }
}
