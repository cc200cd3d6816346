import { open, readFile, readlink, utimes } from 'node:fs/promises'
import { pause } from '../../mesh/dial/pause.ts'

/** How often a holder touches its lock, in ms. */
const BEAT_MS = 1_000
/** How long a lock is watched for a touch, in ms. Its holder may be busy for some time. */
const WATCH_MS = 5_000
const LOOK_MS = 100

/** Stands for a value that the system does not tell. */
const UNKNOWN = '-'
/** A zombie, and a process that is just gone: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const DEAD_STATES: readonly string[] = ['Z', 'X']

/**
 * The text that a process writes into its lock: its id, when it started, and where its id is valid. In another
 * container, or on another machine that shares the folder, the same id is another process.
 */
export async function ownMark(): Promise<string> {
  return `${process.pid} ${(await statOf(process.pid)).start} ${await idSpace()}\n`
}

/** Whether the process that wrote this text lives, and where it is, in words for a person. */
export async function holderOf(path: string, mark: string): Promise<string | undefined> {
  const [pid = '', start = '', space] = mark.trim().split(' ')
  if (!/^[1-9]\d*$/.test(pid)) return undefined
  if (space === undefined || space === (await idSpace()))
    return (await isAlive(Number(pid), start)) ? `process ${pid}` : undefined
  return (await isTouched(path)) ? 'in another container, or on another machine' : undefined
}

/**
 * Touches a lock again and again, for processes that cannot look at this one.
 * @param beat Called after each touch, also if the lock is gone.
 * @returns a function that ends it; it resolves when nothing is under way any more
 */
export function keepTouching(path: string, beat: () => Promise<void>): () => Promise<void> {
  let underWay: Promise<void> | undefined
  const touch = async (): Promise<void> => {
    const now = new Date()
    // What fails is missed, and the next touch comes soon.
    await utimes(path, now, now).catch(() => undefined)
    await beat().catch(() => undefined)
    underWay = undefined
  }
  const timer = setInterval(() => {
    underWay ??= touch()
  }, BEAT_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await underWay
  }
}

/** The time of the lock is compared with itself: the clock of the other machine may be wrong. */
async function isTouched(path: string): Promise<boolean> {
  const first = await touchedAt(path)
  for (const until = Date.now() + WATCH_MS; Date.now() < until;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await pause(LOOK_MS)
    // oxlint-disable-next-line no-await-in-loop
    const now = await touchedAt(path)
    if (now !== first) return now !== undefined
  }
  return false
}

/** Undefined if the file is gone. A network file system looks at the file itself when it is opened. */
async function touchedAt(path: string): Promise<number | undefined> {
  try {
    const file = await open(path)
    try {
      return (await file.stat()).mtimeMs
    } finally {
      await file.close()
    }
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw err
  }
}

/** Where process ids are unique: a namespace of one boot of a system. */
async function idSpace(): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${boot.trim()}/${await readlink('/proc/self/ns/pid')}`
  } catch {
    return UNKNOWN
  }
}

/** Whether a process lives, and is the one that started at that time: process ids are used again. */
async function isAlive(pid: number, start: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (err) {
    // The process belongs to somebody else, so it is alive.
    if ((err as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const { state, start: now } = await statOf(pid)
  // It was killed, and its parent has not noticed yet. A signal and its start say nothing of that.
  if (DEAD_STATES.includes(state)) return false
  return now === UNKNOWN || start === UNKNOWN || now === start
}

/** The state of a process, and when it was started, in ticks since the machine started, if the system tells (Linux). */
async function statOf(pid: number): Promise<{ state: string; start: string }> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is in parentheses and may contain spaces. The start is the 20th field after it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? UNKNOWN, start: fields[19] ?? UNKNOWN }
  } catch {
    return { state: UNKNOWN, start: UNKNOWN }
  }
}
