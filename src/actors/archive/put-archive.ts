import { openDB } from 'idb'
import { GliaError } from '../../glia/errors.ts'
import { abort, attempt, closeForNewer, instancesOf, keysFrom } from '../table/database-parts.ts'
import { ONLY_SNAPSHOT } from '../snapshot/history.ts'
import { modulesOf } from '../table/process-record.ts'
import type { KeptPeople, MeshSettings, Schema, SlotIdentity } from '../table/schema.ts'
import { instancePid } from '../../glia/instance-key.ts'
import type { Pid } from '../../glia/pid.ts'
import type { Archive, ArchivedContent } from './archive-file.ts'
import { placed, placedMesh, placedPeople, type Placing } from './placed.ts'

export interface PutInit {
  /** Name of the database. */
  storage: string
  slot: number
  placing: Placing
  /** Ids of peers that the file lets manage processes, and the person too. Others get no right that they have not. */
  managers: readonly string[]
  /** Left out: the slot keeps its identity. */
  identity: SlotIdentity | undefined
}

/**
 * Puts an archive into the database, all or nothing. The peer of the slot must be stopped: otherwise it would write what it
 * had before over what is put there.
 * @throws {GliaError} ERR_STORAGE, ERR_BAD_REQUEST
 */
export async function putArchive(archive: Archive, init: PutInit): Promise<void> {
  await attempt('keep the archive', () => put(archive, init))
}

async function put(archive: Archive, { storage, slot, placing, managers, identity }: PutInit): Promise<void> {
  const db = await openDB<Schema>(storage, undefined, { blocking: closeForNewer })
  try {
    const tx = db.transaction(
      ['identities', 'processes', 'modules', 'settings', 'files', 'memory', 'keys', 'reminders'],
      'readwrite',
      {
        durability: 'strict',
      },
    )
    // Whatever fails shows up in `done` too.
    tx.done.catch(() => undefined)
    try {
      const [processes, modules, settings, files, memory, keys, reminders] = [
        tx.objectStore('processes'),
        tx.objectStore('modules'),
        tx.objectStore('settings'),
        tx.objectStore('files'),
        tx.objectStore('memory'),
        tx.objectStore('keys'),
        tx.objectStore('reminders'),
      ]
      const kept = await processes.getAll()
      const own = kept.filter((record) => record.slot === slot)
      const gone = placing === 'replace' ? own.map(({ pid }) => pid) : []
      await Promise.all(
        gone.flatMap((pid) => [
          processes.delete(pid),
          ...[files, memory, keys, reminders].map((each) => each.delete(keysFrom(pid))),
          ...[files, memory, reminders].map((each) => each.delete(instancesOf(pid))),
        ]),
      )
      const made = placed(archive, { slot, placing, kept })
      const putContent = (pid: Pid, content: ArchivedContent): Promise<unknown>[] => {
        const { files: entries, memory: whole, reminders: planned = [] } = content
        return [
          ...entries.map((entry) => files.put(entry, [pid, entry.path])),
          ...(whole ? [memory.put(whole.snapshot, [pid, ONLY_SNAPSHOT])] : []),
          ...(whole?.packs ?? []).map((pack) => memory.put(pack, [pid, pack.id])),
          ...planned.map((reminder) => reminders.put({ ...reminder, pid }, [pid, reminder.id])),
        ]
      }
      await Promise.all(
        made.flatMap(({ record, instances = [], ...content }) => [
          processes.put(record),
          ...putContent(record.pid, content),
          ...instances.flatMap(({ record: instance, ...part }) => [
            keys.put(instance, [record.pid, instance.key]),
            ...putContent(instancePid(record.pid, instance.key), part),
          ]),
        ]),
      )
      const used = new Set((await processes.getAll()).flatMap(modulesOf))
      const there = new Set(await modules.getAllKeys())
      const wanted = [...archive.modules].filter(([cid]) => used.has(cid) && !there.has(cid))
      await Promise.all([
        ...wanted.map(([cid, bytes]) => modules.put(bytes.buffer, cid)),
        ...[...there].filter((cid) => !used.has(cid)).map((cid) => modules.delete(cid)),
      ])
      const [mesh, people] = await Promise.all([settings.get('mesh'), settings.get('people')])
      await Promise.all([
        settings.put(placedMesh(archive, mesh as MeshSettings | undefined, placing), 'mesh'),
        settings.put(placedPeople(archive, people as KeptPeople | undefined, { placing, allowed: managers }), 'people'),
        ...(identity ? [tx.objectStore('identities').put(identity, slot)] : []),
      ])
    } catch (thrown) {
      abort(tx)
      throw thrown
    }
    await tx.done
  } finally {
    db.close()
  }
}

/**
 * @throws {GliaError} ERR_BAD_REQUEST if another tab of this browser has the identity, or had it and keeps it: two tabs
 * cannot be one peer.
 */
export async function checkIdentityIsFree(storage: string, slot: number, peerId: string): Promise<void> {
  const db = await attempt('read the identities', () => openDB<Schema>(storage, undefined, { blocking: closeForNewer }))
  try {
    const [slots, identities] = await attempt('read the identities', () =>
      Promise.all([db.getAllKeys('identities'), db.getAll('identities')]),
    )
    if (identities.every((identity, i) => identity.peerId !== peerId || slots[i] === slot)) return
    throw new GliaError(
      'ERR_BAD_REQUEST',
      'Another tab of this browser is the peer of this file, and two tabs cannot be one peer. Import it there, or without the identity.',
    )
  } finally {
    db.close()
  }
}
