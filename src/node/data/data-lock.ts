import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pause } from '../../mesh/dial/pause.ts'
import { fileTrouble } from '../file-trouble.ts'
import { holderOf, keepTouching, ownMark } from './lock-holder.ts'
import { makeFolder } from './make-folder.ts'
import { UsageError } from '../option-values.ts'

const LOCK_FILE = 'lock'
/**
 * Time that the file system has to answer, in ms. One that takes longer is of no use, for example because a network is
 * down.
 */
const ANSWER_MS = 10_000

/** Longest time that removing a stale lock takes, and that others wait for it, in ms. */
const MOMENT_MS = 2_000
const RETRY_MS = 20

/** The data folder, held for this server only. */
export interface DataLock {
  /**
   * Resolves when another server has taken the folder, because this one was frozen for so long that it looked dead, or
   * because somebody deleted its lock.
   */
  readonly lost: Promise<void>
  /** Idempotent. */
  readonly release: () => Promise<void>
}

/**
 * Takes the data folder for this process, and makes it if it is missing. Two servers with one key would be one peer in
 * two places. The lock of a dead process is taken over, since nothing removes it after kill -9 or a power cut. A
 * process in another container or on another machine cannot be looked at: only its lock tells that it lives, because it
 * touches the lock every second. So that case takes some seconds.
 * @throws {UsageError} if another server uses the folder, or nothing can be written there
 */
export async function lockDataDir(dir: string): Promise<DataLock> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('the file system does not answer')), ANSWER_MS)
  try {
    return await Promise.race([lock(dir), late])
  } catch (err) {
    if (err instanceof UsageError) throw err
    throw new UsageError(`The data folder ${resolve(dir)} cannot be used: ${fileTrouble(err)}.`, { cause: err })
  } finally {
    clearTimeout(timer)
  }
}

async function lock(dir: string): Promise<DataLock> {
  await makeFolder(dir)
  const path = join(dir, LOCK_FILE)
  const own = await ownMark()
  while (!(await placed(path, own))) await removeIfStale(path, dir)
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>()
  const stopTouching = keepTouching(path, async () => {
    const found = await contentOf(path)
    // If somebody has deleted the lock, it is put back. Another server may have come meanwhile.
    if (found === own || (found === undefined && (await placed(path, own)))) return
    // On a network disk the first look may have been wrong.
    if ((await contentOf(path)) !== own) lose()
  })
  return {
    lost,
    release: async () => {
      await stopTouching()
      if ((await contentOf(path)) === own) await unlink(path)
    },
  }
}

/** Makes the lock. @returns false if there is one */
async function placed(path: string, mark: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  // A link is made only if there is no lock, and then the lock has its content at once.
  return withDraft(draft, mark, () => linked(draft, path))
}

/** Nothing of the draft is left, also if it cannot be written whole, as on a full disk. */
async function withDraft<T>(draft: string, content: string, work: () => Promise<T>): Promise<T> {
  try {
    await writeFile(draft, content, { mode: 0o600 })
    return await work()
  } finally {
    await unlinkIfThere(draft)
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    // Some file systems have no links.
    await link(draft, path).catch((err: unknown) => {
      if ((err as NodeJS.ErrnoException).code === 'EEXIST') throw err
      return copyFile(draft, path, constants.COPYFILE_EXCL)
    })
    return true
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw err
  }
}

/** @throws {UsageError} if the process that holds the lock lives */
async function removeIfStale(path: string, dir: string): Promise<void> {
  const found = await contentOf(path)
  if (found === undefined) return
  const holder = await holderOf(path, found)
  if (holder !== undefined) {
    throw new UsageError(
      `The data folder ${resolve(dir)} is in use by another server (${holder}): give this one a folder of its own with --data DIR.`,
    )
  }
  await removeStale(path, found)
}

/**
 * Several processes may find the same stale lock, and a late one must not remove the new lock of another. So only the
 * process that holds a second lock for this moment removes it.
 */
async function removeStale(path: string, stale: string): Promise<void> {
  const moment = `${path}.stale`
  const draft = `${moment}.${randomUUID()}`
  const isMine = await withDraft(draft, '', () => linked(draft, moment))
  if (!isMine) {
    // The holder of the second lock may have been killed.
    const since = await stat(moment).catch(() => undefined)
    if (since && Date.now() - since.mtimeMs > MOMENT_MS) await unlinkIfThere(moment)
    await pause(RETRY_MS)
    return
  }
  try {
    if ((await contentOf(path)) === stale) await unlink(path)
  } finally {
    await unlinkIfThere(moment)
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((err: unknown) => {
    if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err
  })
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw err
  }
}
