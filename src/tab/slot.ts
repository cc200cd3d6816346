const KEY = 'glia.slot'
const MAX_SLOTS = 64
/** Time that the page this one replaces may take to let go of its slot, in ms: long for a reload, which has one for sure. */
const RELOAD_WAIT_MS = 3000
const REOPEN_WAIT_MS = 300

/**
 * Takes a slot, the number of an identity in this browser, for as long as this document lives: the one this tab had
 * before, if nobody has it, else the lowest free one. Two tabs never share one: a slot is a Web Lock.
 */
export async function takeSlot(): Promise<number> {
  const before = readBefore()
  if (before !== undefined && (await hold(before, waitMs()))) return keep(before)
  for (let slot = 0; slot < MAX_SLOTS; slot++) if (await hold(slot, 0)) return keep(slot)
  throw new RangeError(`${MAX_SLOTS} tabs of this app are open already.`)
}

function waitMs(): number {
  const [navigation] = performance.getEntriesByType('navigation')
  const isReload = navigation && 'type' in navigation && navigation.type === 'reload'
  return isReload ? RELOAD_WAIT_MS : REOPEN_WAIT_MS
}

/** Holds the lock of a slot until the page goes. @returns false if another tab keeps it. */
async function hold(slot: number, ms: number): Promise<boolean> {
  const granted = Promise.withResolvers<boolean>()
  const request: LockOptions = ms === 0 ? { ifAvailable: true } : { signal: AbortSignal.timeout(ms) }
  const held = navigator.locks.request(`glia:slot:${slot}`, request, async (lock) => {
    granted.resolve(lock !== null)
    // Let go as the page goes, not when the browser gets round to it: the next page wants the same slot.
    if (lock) await new Promise((gone) => addEventListener('pagehide', gone, { once: true }))
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
