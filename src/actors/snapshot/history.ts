/** The snapshots of a process as a store keeps them: numbered parts. All stores share this. */
import type { Checkpoint, Pack, Snapshot, WholeSnapshot } from './snapshot.ts'

/** Snapshots of a process that are kept: the present one, and those before it. */
const MAX_SNAPSHOTS = 10
/** Largest memory that is kept only for those before the present one, in bytes. */
const MAX_PAST_BYTES = 64 * 1024 * 1024

/** The number of a snapshot without a history: that of an archive, or of a version that kept only one. */
export const ONLY_SNAPSHOT = 0
/**
 * What the store knows of the snapshots ({@link History}). A snapshot has the negative of its id as its number, and packs
 * have the numbers from 1 on.
 */
const HISTORY = 0.5
/** An instance numbers its packs from 1 on, and begins anew when all is stored anew. Each time is a generation. */
const GENERATION = 2 ** 30

/** A kept snapshot, as it is listed. */
export interface SnapshotInfo {
  /** Unique in its process; later ones have larger numbers. */
  id: number
  /** When it was stored, in ms since 1970. */
  at: number
  /** How many messages are in it. */
  messages: number
  memoryBytes: number
}

interface Kept extends SnapshotInfo {
  generation: number
  /** The largest number of a pack of its generation by then. */
  lastPack: number
}

/** One before the present one. */
interface Past extends Kept {
  /** The packs that go with it, because those after it have no need of them. */
  drops: readonly number[]
  /** Their size, in bytes. */
  dropsBytes: number
}

interface History {
  last: Kept
  /** The packs that the last one may need, with their sizes in bytes. */
  packs: readonly (readonly [id: number, bytes: number])[]
  /** Oldest first. */
  past: readonly Past[]
}

/** The parts that a store has of one process. */
export interface Parts {
  get(part: number): Promise<unknown>
  /** Which there are of a range, its ends included. */
  numbers(first: number, last: number): Promise<number[]>
}

/** What a store has to change, all or nothing. */
export interface PartChanges {
  puts: readonly (readonly [part: number, value: unknown])[]
  gone: readonly number[]
}

/** @param id Left out: the present one. @returns undefined if there is none. Nothing of it is checked. */
export async function snapshotIn(parts: Parts, id?: number): Promise<WholeSnapshot | undefined> {
  const history = await historyIn(parts)
  const wanted = history && [...history.past, history.last].find((one) => one.id === (id ?? history.last.id))
  if (!wanted) return undefined
  const { generation, lastPack } = wanted
  const needed =
    wanted === history.last
      ? idsOf(history.packs).map((pack) => generation * GENERATION + pack)
      : await packsOfPast(parts, history, wanted)
  const [snapshot, ...found] = await Promise.all([-wanted.id, ...needed].map((part) => parts.get(part)))
  // One that is missing is told where it is needed.
  const packs = (found as (Pack | undefined)[]).filter((pack) => pack !== undefined)
  // What is stored next must not have the number of a pack that only earlier snapshots have.
  const none: Pack = { id: lastPack, hashes: new Uint8Array(), bytes: new Uint8Array() }
  const isLastThere = lastPack === 0 || packs.some(({ id: pack }) => pack === lastPack)
  return { snapshot: snapshot as Snapshot, packs: isLastThere ? packs : [...packs, none] }
}

/** The numbers of the packs that one before the present one needs. */
async function packsOfPast(parts: Parts, { past }: History, { id, generation, lastPack }: Kept): Promise<number[]> {
  const earlier = past.filter((one) => one.id < id && one.generation === generation)
  // They wait for the end of snapshots before this one.
  const dropped = new Set(earlier.flatMap(({ drops }) => drops))
  const numbers = await parts.numbers(generation * GENERATION + 1, generation * GENERATION + lastPack)
  return numbers.filter((number) => !dropped.has(number % GENERATION))
}

/** Newest first. */
export async function snapshotsIn(parts: Parts): Promise<SnapshotInfo[]> {
  const history = await historyIn(parts)
  if (!history) return []
  return [...history.past, history.last]
    .toReversed()
    .map(({ id, at, messages, memoryBytes }) => ({ id, at, messages, memoryBytes }))
}

/** How a checkpoint is stored. @param at When it is, in ms since 1970. */
export async function changesOf(
  parts: Parts,
  { snapshot, packs, dropped }: Checkpoint,
  at: number,
): Promise<PartChanges> {
  const before = await historyIn(parts)
  const isWhole = dropped === 'all'
  const generation = before ? before.last.generation + Number(isWhole) : 1
  const lastPack = Math.max(isWhole ? 0 : (before?.last.lastPack ?? 0), ...packs.map(({ id }) => id))
  const { messages, memoryBytes } = snapshot
  const last: Kept = { id: (before?.last.id ?? 0) + 1, at, messages, memoryBytes, generation, lastPack }
  const gone = before?.packs.filter(([id]) => isWhole || dropped.includes(id)) ?? []
  const kept = before?.packs.filter((pack) => !gone.includes(pack)) ?? []
  const past = before ? [...before.past, { ...before.last, drops: idsOf(gone), dropsBytes: bytesOf(gone) }] : []
  const over: Past[] = []
  while (past.length >= MAX_SNAPSHOTS || past.reduce((sum, one) => sum + one.dropsBytes, 0) > MAX_PAST_BYTES) {
    over.push(...past.splice(0, 1))
  }
  const added = packs.map((pack) => [pack.id, pack.bytes.byteLength] as const)
  const history: History = { last, packs: [...kept, ...added], past }
  return {
    puts: [
      [HISTORY, history],
      [-last.id, snapshot],
      ...packs.map((pack) => [generation * GENERATION + pack.id, pack] as const),
    ],
    gone: over.flatMap((one) => [-one.id, ...one.drops.map((id) => one.generation * GENERATION + id)]),
  }
}

async function historyIn(parts: Parts): Promise<History | undefined> {
  const history = await parts.get(HISTORY)
  if (history !== undefined) return history as History
  const snapshot = await parts.get(ONLY_SNAPSHOT)
  if (snapshot === undefined) return undefined
  const ids = await parts.numbers(1, GENERATION - 1)
  const { messages, memoryBytes } = snapshot as Snapshot
  const last = { id: ONLY_SNAPSHOT, at: 0, messages, memoryBytes, generation: 0, lastPack: Math.max(0, ...ids) }
  return { last, packs: ids.map((id) => [id, 0]), past: [] }
}

function idsOf(packs: History['packs']): number[] {
  return packs.map(([id]) => id)
}

function bytesOf(packs: History['packs']): number {
  return packs.reduce((sum, [, bytes]) => sum + bytes, 0)
}
