const KEY = 'glia.slot'
const MAX_SLOTS = 64
/** Longest time that the page this one replaces may take to let go of its slot, in ms. */
const LEAVING_WAIT_MS = 3000
/** The same when a page has said that it has the slot: one that is duplicated stays, one that is left may have answered just before. In ms. */
const KEPT_WAIT_MS = 300
/** Pages ask each other here, as "whose 3" and "mine 3". */
const CHANNEL = 'glia:slots'

/**
 * Takes a slot, the number of an identity in this browser, for as long as this document lives: the one this tab had
 * before, if nobody has it, else the lowest free one. Two tabs never share one: a slot is a Web Lock.
 */
export async function takeSlot(): Promise<number> {
  const before = readBefore()
  if (before !== undefined && (await holdAgain(before))) return keep(before)
  for (let slot = 0; slot < MAX_SLOTS; slot++) if (await hold(slot, { ifAvailable: true })) return keep(slot)
  throw new RangeError(`${MAX_SLOTS} tabs of this app are open already.`)
}

/** Waits for the page that this one replaces, and not for one that this one is a duplicate of. */
async function holdAgain(slot: number): Promise<boolean> {
  const given = new AbortController()
  const giveUpAfter = (ms: number): ReturnType<typeof setTimeout> => setTimeout(() => given.abort(), ms)
  const timers = [giveUpAfter(LEAVING_WAIT_MS)]
  const others = new BroadcastChannel(CHANNEL)
  others.onmessage = ({ data }: MessageEvent<unknown>) => {
    // A reload has its slot for sure: the page that answered is about to go.
    if (data === `mine ${slot}` && !isReload()) timers.push(giveUpAfter(KEPT_WAIT_MS))
  }
  others.postMessage(`whose ${slot}`)
  try {
    return await hold(slot, { signal: given.signal })
  } finally {
    others.close()
    timers.forEach(clearTimeout)
  }
}

function isReload(): boolean {
  const [navigation] = performance.getEntriesByType('navigation')
  return navigation !== undefined && 'type' in navigation && navigation.type === 'reload'
}

/** Holds the lock of a slot until the page goes. @returns false if another tab keeps it. */
async function hold(slot: number, request: LockOptions): Promise<boolean> {
  const granted = Promise.withResolvers<boolean>()
  const held = navigator.locks.request(`glia:slot:${slot}`, request, async (lock) => {
    granted.resolve(lock !== null)
    if (!lock) return
    const others = new BroadcastChannel(CHANNEL)
    others.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === `whose ${slot}`) others.postMessage(`mine ${slot}`)
    }
    // Let go as the page goes, not when the browser gets round to it: the next page wants the same slot.
    await new Promise((gone) => addEventListener('pagehide', gone, { once: true }))
    others.close()
  })
  // Only the wait can fail.
  held.catch(() => granted.resolve(false))
  return granted.promise
}

function readBefore(): number | undefined {
  const slot = Number(sessionStorage.getItem(KEY) ?? Number.NaN)
  return Number.isInteger(slot) && slot >= 0 && slot < MAX_SLOTS ? slot : undefined
}

function keep(slot: number): number {
  sessionStorage.setItem(KEY, String(slot))
  return slot
}
