const MAX_SLOTS = 64
/** Longest time that the page before this one may take to release its slot, in ms. */
const LEAVING_WAIT_MS = 3000
/**
 * The same after a page has said that it has the slot, in ms. The original of a duplicated tab keeps it; a page that is
 * being left may have answered just before.
 */
const KEPT_WAIT_MS = 300
/** Which slots: each storage of an origin has its own. */
export interface SlotInit {
  /** Name of the storage. */
  readonly storage: string
  /** Aborts when the peer is stopped: the slot is free then. */
  readonly alive: AbortSignal
}

/**
 * Takes a slot, the number of an identity in this browser, for the life of this document: the slot that this tab had
 * before, if nobody has it, or else the lowest free one. A slot is a Web Lock, so two tabs never share one.
 */
export async function takeSlot(init: SlotInit): Promise<number> {
  const keep = (slot: number): number => {
    sessionStorage.setItem(keyOf(init), String(slot))
    return slot
  }
  const before = readBefore(init)
  if (before !== undefined && (await holdAgain(before, init))) return keep(before)
  for (let slot = 0; slot < MAX_SLOTS; slot++) if (await hold(slot, { ifAvailable: true }, init)) return keep(slot)
  throw new RangeError(`${MAX_SLOTS} tabs of this app are open already.`)
}

/** Waits for the page that this one replaces, but not for a page of which this one is a duplicate. */
async function holdAgain(slot: number, init: SlotInit): Promise<boolean> {
  const given = new AbortController()
  const giveUpAfter = (ms: number): ReturnType<typeof setTimeout> => setTimeout(() => given.abort(), ms)
  const timers = [giveUpAfter(LEAVING_WAIT_MS)]
  const others = new BroadcastChannel(channelOf(init))
  others.onmessage = ({ data }: MessageEvent<unknown>) => {
    // After a reload the slot is this page's for sure: the page that answered is about to go.
    if (data === `mine ${slot}` && !isReload()) timers.push(giveUpAfter(KEPT_WAIT_MS))
  }
  others.postMessage(`whose ${slot}`)
  try {
    return await hold(slot, { signal: given.signal }, init)
  } finally {
    others.close()
    timers.forEach(clearTimeout)
  }
}

function isReload(): boolean {
  const [navigation] = performance.getEntriesByType('navigation')
  return navigation !== undefined && 'type' in navigation && navigation.type === 'reload'
}

/** Holds the lock of a slot until the page goes or the peer is stopped. @returns false if another tab keeps it. */
async function hold(slot: number, request: LockOptions, init: SlotInit): Promise<boolean> {
  const granted = Promise.withResolvers<boolean>()
  const held = navigator.locks.request(`${init.storage}:slot:${slot}`, request, async (lock) => {
    granted.resolve(lock !== null)
    if (!lock) return
    const others = new BroadcastChannel(channelOf(init))
    others.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === `whose ${slot}`) others.postMessage(`mine ${slot}`)
    }
    // Released when the page is hidden for good, not when the browser gets round to it: the next page wants the same
    // slot.
    await new Promise<unknown>((gone) => {
      addEventListener('pagehide', gone, { once: true })
      init.alive.addEventListener('abort', gone, { once: true })
      if (init.alive.aborted) gone(undefined)
    })
    others.close()
  })
  // Only the wait can fail.
  held.catch(() => granted.resolve(false))
  return granted.promise
}

function readBefore(init: SlotInit): number | undefined {
  const slot = Number(sessionStorage.getItem(keyOf(init)) || Number.NaN)
  return Number.isInteger(slot) && slot >= 0 && slot < MAX_SLOTS ? slot : undefined
}

/** Where a tab remembers its slot. */
function keyOf({ storage }: SlotInit): string {
  return `${storage}.slot`
}

/** Pages ask each other on this channel: "whose 3", "mine 3". */
function channelOf({ storage }: SlotInit): string {
  return `${storage}:slots`
}
