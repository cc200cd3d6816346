import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { GliaError } from '../../glia/errors.ts'
import type { Logger } from '../../glia/log.ts'
import { fileTrouble } from '../file-trouble.ts'
import { damagedTables, tablesOf } from './damaged-tables.ts'
import { cutTornRecord } from './torn-record.ts'

type Database = ClassicLevel<string, Uint8Array>

export type Change = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/** Keys from one to another, without these two or with them. */
export interface KeyRange {
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
  readonly lte?: string
  readonly limit?: number
}

/** Written and deleted before the database is opened again: it shows whether there is room. */
const ROOM_FILE = 'room'
const ROOM_CHUNK = new Uint8Array(256 * 1024)
/** Room for the list of tables that LevelDB writes when it opens, in bytes. */
const LIST_BYTES = 128 * 1024
/** LevelDB tells here what happened since it was opened last. */
const OWN_LOG = 'LOG'

/** What LevelDB says of a failed write, as the code of the system. */
const SYSTEM_WORDS: readonly (readonly [string, string])[] = [
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['File too large', 'EFBIG'],
  ['Read-only file system', 'EROFS'],
  ['Permission denied', 'EACCES'],
]

/**
 * A LevelDB that is opened anew after a write that failed. LevelDB itself goes on with the same log. But what it writes
 * after a torn record is out of place there, and the next start drops it (LevelDB 1.20: `EmitPhysicalRecord` counts
 * bytes that were not appended). So nothing is written until a new log is there. One operation at a time.
 */
export class LevelDatabase {
  readonly #folder: string
  readonly #log: Logger
  #db: Database
  #isTorn = false
  readonly #life = new AbortController()
  #checked = Promise.resolve()

  private constructor(folder: string, log: Logger, db: Database) {
    this.#folder = folder
    this.#log = log
    this.#db = db
  }

  static async open(folder: string, log: Logger): Promise<LevelDatabase> {
    // The last server may have been killed while it wrote it.
    await rm(join(folder, ROOM_FILE), { force: true }).catch(() => undefined)
    // Before it is opened: then all of them are complete, or are deleted. What keeps the folder from being read is told below.
    const tables = await tablesOf(folder).catch(() => [])
    const database = new LevelDatabase(folder, log, await opened(folder, log))
    database.#checked = database.#checkTables(tables)
    return database
  }

  /** Before reads. After a failed write they find what was there before it. */
  async readable(): Promise<void> {
    this.#checkNotOver()
    if (this.#db.status !== 'open') await this.#reopen()
  }

  /** Before writes, and before the reads on which they build. */
  async writable(): Promise<void> {
    this.#checkNotOver()
    if (this.#isTorn) await this.#reopen()
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#db.get(key)
  }

  keys(range: KeyRange): Promise<string[]> {
    return this.#db.keys(range).all()
  }

  values(range: KeyRange): Promise<Uint8Array[]> {
    return this.#db.values(range).all()
  }

  /** Writes all changes, or none of them. @param sync Whether it survives a machine that loses its power. */
  async batch(changes: Change[], { sync }: { sync: boolean } = { sync: false }): Promise<void> {
    try {
      await this.#db.batch(changes, { sync })
    } catch (err) {
      this.#isTorn = true
      this.#log.warn(
        `the database of the actors in ${resolve(this.#folder)} could not be written: ${databaseTrouble(err)}. ` +
          'Nothing of the actors is kept until it can be.',
      )
      // What is there of the failed write takes room that others need.
      await cutTornRecord(this.#folder).catch((cutErr: unknown) => this.#log.debug('a torn record stays:', cutErr))
      throw err
    }
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.#checked
    await this.#db.close()
  }

  /** Reads go on as long as it is clear that there is no room: a database that is closed may not open without. */
  async #reopen(): Promise<void> {
    if (this.#db.status === 'open') await this.#tryRoom()
    await this.#db.close()
    this.#db = await opened(this.#folder, this.#log)
    this.#isTorn = false
    this.#log.info('the database of the actors can be written again')
  }

  /** When LevelDB opens, it writes all that is in its logs to a table. */
  async #tryRoom(): Promise<void> {
    const inMemory = Number(this.#db.getProperty('leveldb.approximate-memory-usage')) || Infinity
    let left = LIST_BYTES + Math.min(inMemory, await this.#logBytes())
    const path = join(this.#folder, ROOM_FILE)
    try {
      const file = await open(path, 'w', 0o600)
      try {
        for (; left > 0; left -= ROOM_CHUNK.length) {
          // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
          await file.writeFile(ROOM_CHUNK.subarray(0, left))
        }
        // Some file systems notice only now that they are full.
        await file.sync()
      } finally {
        await file.close()
      }
    } finally {
      await rm(path, { force: true })
    }
  }

  async #logBytes(): Promise<number> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.log'))
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(this.#folder, name))).size))
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** Nothing waits for it: a gigabyte takes seconds. Never rejects. */
  async #checkTables(tables: readonly string[]): Promise<void> {
    const { signal } = this.#life
    try {
      const damaged = await damagedTables(this.#folder, tables, signal)
      if (damaged.length > 0) this.#log.warn(damageWords(this.#folder, damaged))
    } catch (err) {
      if (!signal.aborted) this.#log.warn('the database of the actors could not be checked:', fileTrouble(err))
    }
  }

  #checkNotOver(): void {
    if (this.#life.signal.aborted) throw new GliaError('ERR_STORAGE', 'its database is closed')
  }
}

/** Why LevelDB or a file failed, in words for a person. */
export function databaseTrouble(err: unknown): string {
  // LevelDB's own reason is the cause of “Database failed to open”.
  const reason = err instanceof Error && err.cause instanceof Error ? err.cause : err
  const text = reason instanceof Error ? reason.message : String(reason)
  const code = SYSTEM_WORDS.find(([words]) => text.includes(words))?.[1]
  return fileTrouble(code === undefined ? reason : { code, message: text })
}

async function opened(folder: string, log: Logger): Promise<Database> {
  const { ClassicLevel } = await import('classic-level')
  const db: Database = new ClassicLevel(folder, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await db.open()
  await tellDropped(folder, log)
  return db
}

/** LevelDB leaves out what is damaged in its logs, and tells only its own log of it. */
async function tellDropped(folder: string, log: Logger): Promise<void> {
  const text = await readFile(join(folder, OWN_LOG), 'utf8').catch(() => '')
  const found = text.split('\n').flatMap((line) => {
    const dropped = /(\d+\.log): dropping (\d+) bytes; (?:Corruption: )?(.*)$/.exec(line)
    if (dropped) return [`${dropped[2]} bytes of ${dropped[1]}: ${dropped[3]}`]
    const ignored = /Ignoring error (.*)$/.exec(line)
    return ignored ? [String(ignored[1])] : []
  })
  if (found.length === 0) return
  log.warn(damageWords(folder, found))
}

function damageWords(folder: string, where: readonly string[]): string {
  return (
    `a part of the database of the actors in ${resolve(folder)} is damaged, and is left out (${where.join('; ')}). ` +
    'Actors, or changes of actors, may be missing. If you have a copy of the data folder from before, stop the host and put it back.'
  )
}
