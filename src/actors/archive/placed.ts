import { newPid, type Pid } from '../../glia/pid.ts'
import type { ProcessRecord } from '../table/process-record.ts'
import type { KeptPeople, MeshSettings } from '../table/schema.ts'
import type { Archive, ArchivedProcess } from './archive-file.ts'

/** `'add'`: beside the processes that are there, with PIDs of their own. `'replace'`: in their place, under the PIDs of the file. */
export type Placing = 'add' | 'replace'

/**
 * The processes of an archive as they are in a slot: their slot, their PIDs, and the ties among them.
 * @param kept All processes of the browser. Two slots never have the same PID.
 */
export function placed(
  { processes }: Archive,
  { slot, placing, kept }: { slot: number; placing: Placing; kept: readonly Pick<ProcessRecord, 'pid' | 'slot'>[] },
): ArchivedProcess[] {
  const others = new Set(kept.filter((record) => record.slot !== slot).map(({ pid }) => pid))
  // The tab has a root process of its own.
  const wanted = processes.filter(({ record }) => placing === 'replace' || !record.root)
  const pids = new Map<Pid, Pid>()
  for (const { record } of wanted)
    pids.set(record.pid, placing === 'replace' && !others.has(record.pid) ? record.pid : newPid())
  const pidOf = (pid: Pid): Pid => pids.get(pid) ?? pid
  const parents = new Map(wanted.map(({ record }) => [record.pid, record.parent]))
  return wanted.map(({ record, ...rest }) => {
    const { watches = [], links = [], parent } = record
    return {
      ...rest,
      record: {
        ...record,
        slot,
        pid: pidOf(record.pid),
        // A tie to a process that is not there is no tie.
        watches: watches
          .filter(({ host, watched }) => host !== undefined || pids.has(watched))
          .map((watch) => ({
            ...watch,
            id: placing === 'replace' ? watch.id : newPid(),
            watcher: pidOf(watch.watcher),
            watched: watch.host === undefined ? pidOf(watch.watched) : watch.watched,
          })),
        links: links.filter((pid) => pids.has(pid)).map(pidOf),
        // Whoever kills a process kills its family, which must have an end.
        parent: parent && !isOwnAncestor(record.pid, parents) ? pids.get(parent) : undefined,
      },
    }
  })
}

/** Whether a process is among its own ancestors, as only a file can say. */
function isOwnAncestor(pid: Pid, parents: ReadonlyMap<Pid, Pid | undefined>): boolean {
  const seen = new Set<Pid>()
  for (let next = parents.get(pid); next !== undefined && !seen.has(next); next = parents.get(next)) {
    if (next === pid) return true
    seen.add(next)
  }
  return false
}

/** What is set afterwards. Settings that are added fill in what is not set. */
export function placedMesh({ mesh }: Archive, kept: MeshSettings | undefined, placing: Placing): MeshSettings {
  if (!kept || placing === 'replace') return mesh
  return {
    relays: kept.relays.length > 0 ? kept.relays : mesh.relays,
    iceServers: kept.iceServers.length > 0 ? kept.iceServers : mesh.iceServers,
  }
}

/** Ids of the peers that the file lets manage processes, and that may not do so here. The person is asked about them. */
export function newManagers({ people }: Archive, kept: KeptPeople | undefined): string[] {
  return (people.managers ?? []).filter((peer) => !kept?.managers?.includes(peer))
}

/** @param allowed Ids of those of the {@link newManagers} that the person lets manage processes here. */
export function placedPeople(
  archive: Archive,
  kept: KeptPeople | undefined,
  { placing, allowed }: { placing: Placing; allowed: readonly string[] },
): KeptPeople {
  const { people } = archive
  const added = newManagers(archive, kept).filter((peer) => allowed.includes(peer))
  // A right that the person has not given here is not added.
  const known = (kept?.managers ?? []).filter((peer) => placing === 'add' || people.managers?.includes(peer))
  const managers = [...known, ...added]
  const may = managers.length > 0 ? { managers } : {}
  if (placing === 'replace') return { ownName: people.ownName, names: people.names, blocked: people.blocked, ...may }
  return {
    ownName: kept?.ownName || people.ownName,
    names: { ...people.names, ...kept?.names },
    blocked: { ...people.blocked, ...kept?.blocked },
    ...may,
  }
}
