// Counts what a tab holds, from outside as far as possible: the tab's own figures are only a part.
import { readFileSync } from 'node:fs'
import type { Browser, Page } from '@playwright/test'
import { heldBytes } from './memory.ts'
import { call, devtools } from './tab.ts'

/**
 * What a tab holds while nothing happens. The first four figures have to be the same afterwards; the last two each have
 * a reason to differ.
 */
export interface Census {
  /** As DevTools lists them (targets), including those that the page has forgotten. */
  workers: number
  /** Processes that the page lists. */
  processes: number
  /** Records, modules and files in the page's database, with everything else there. */
  rows: number
  /**
   * Shared buffers that the page can reach: those it made, and those that came in messages. One that only a worker or a
   * waiting `Atomics.waitAsync` holds does not count here, but its worker does.
   */
  sharedBuffers: number
  /**
   * JavaScript, DOM and array buffers of the page after a collection, in bytes. The memories of guests belong to their
   * workers. The browser itself keeps the last thousand lines of the console.
   */
  heapBytes: number
  /**
   * Memory of the machine in the page's renderer, without files: workers, their memories and compiled code. Allocators
   * keep freed memory, so this shows only leaks of many megabytes. Undefined without /proc.
   */
  residentBytes: number | undefined
}

const COUNTS = ['workers', 'processes', 'rows', 'sharedBuffers'] as const

/** Time that a killed process has to be gone, in ms. */
const SETTLE_MS = 20_000
const MiB = 1024 * 1024

declare global {
  var countSharedBuffers: () => number
}

/** For `addInitScript`: notes each shared buffer, before any script of the app makes one. */
export function installCensus(): void {
  const known = new WeakSet<SharedArrayBuffer>()
  let noted: WeakRef<SharedArrayBuffer>[] = []
  const note = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
    if (Object.prototype.toString.call(value) !== '[object SharedArrayBuffer]') {
      if (depth > 0) for (const inner of Object.values(value)) note(inner, depth - 1)
      return
    }
    const buffer = value as SharedArrayBuffer
    if (known.has(buffer)) return
    known.add(buffer)
    noted.push(new WeakRef(buffer))
  }
  globalThis.countSharedBuffers = () => {
    noted = noted.filter((buffer) => buffer.deref() !== undefined)
    return noted.length
  }
  if (typeof SharedArrayBuffer === 'undefined') return
  globalThis.SharedArrayBuffer = new Proxy(SharedArrayBuffer, {
    construct(target, args, newTarget) {
      const made = Reflect.construct(target, args, newTarget) as SharedArrayBuffer
      note(made, 0)
      return made
    },
  })
  const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data')
  Object.defineProperty(MessageEvent.prototype, 'data', {
    ...data,
    get(this: MessageEvent) {
      const value: unknown = data?.get?.call(this)
      // Messages with buffers have them in an object of their own.
      note(value, 2)
      return value
    },
  })
}

/**
 * Counts what a tab holds after all its processes but root were killed. @param before The figures to wait for, if that
 * takes a moment.
 */
export async function takeCensus(page: Page, before?: Census): Promise<Census> {
  const session = await devtools(page)
  await session.send('HeapProfiler.enable')
  const until = Date.now() + SETTLE_MS
  // A killed process is released in steps. The first count is that of a page where nothing changes any more.
  let wanted = before
  for (;;) {
    // Root counts as a live process. Others may have taken its place.
    await call(page, '/ww/0.1.0/self/root/echo')
    const heapBytes = await heldBytes(session)
    const found = {
      workers: page.workers().length,
      ...(await page.evaluate(countInPage)),
      heapBytes,
      residentBytes: await largestRenderer(page.context().browser()),
    }
    if ((wanted && differences(wanted, found).length === 0) || Date.now() > until) {
      await session.detach()
      return found
    }
    wanted = before ?? found
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** The figures that differ, each as a sentence. */
export function differences(before: Census, after: Census): string[] {
  return COUNTS.filter((name) => before[name] !== after[name]).map(
    (name) => `${name}: ${before[name]} at the start, ${after[name]} at the end.`,
  )
}

/** The figures as cells of a table, under CENSUS_HEADS. */
export function cellsOf({ heapBytes, residentBytes = Number.NaN, ...counts }: Census): string[] {
  const sizes = [heapBytes, residentBytes].map((bytes) => (bytes / MiB).toFixed(1))
  return [...COUNTS.map((name) => String(counts[name])), ...sizes]
}

export const CENSUS_HEADS = ['workers', 'processes', 'rows', 'shared buffers', 'heap MiB', 'resident MiB'] as const

/** Sent to the page by itself. */
async function countInPage(): Promise<Pick<Census, 'processes' | 'rows' | 'sharedBuffers'>> {
  const wait = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('the database does not answer'))
    })
  const database = await wait(indexedDB.open('glia'))
  const names = [...database.objectStoreNames]
  const reading = database.transaction(names)
  const counts = await Promise.all(names.map((name) => wait(reading.objectStore(name).count())))
  database.close()
  return {
    processes: glia.procs().length,
    rows: counts.reduce((sum, count) => sum + count, 0),
    sharedBuffers: countSharedBuffers(),
  }
}

/** Of the largest renderer. The others are spare ones, and the service worker's if it has one of its own. */
async function largestRenderer(browser: Browser | null): Promise<number | undefined> {
  if (!browser) return undefined
  const session = await browser.newBrowserCDPSession()
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentOf(id)))
  } catch {
    return undefined // no /proc here
  } finally {
    await session.detach()
  }
}

function residentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024
}
