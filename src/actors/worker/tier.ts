import type { TierName } from './worker-api.ts'

export interface Tier {
  name: TierName
  /** Why it is this tier, as a sentence for the header. */
  why: string
}

/** Features of the browser and the page that decide the tier. */
export interface Features {
  /** The page is cross-origin isolated, so SharedArrayBuffer may be posted. */
  isolated: boolean
  /** SharedArrayBuffer is there: WebKitGTK 2.50 has it behind a flag. */
  sharedMemory: boolean
  /** Atomics.waitAsync: Chromium 87, Safari 16.4, Firefox 145. */
  waitAsync: boolean
  /** WebAssembly.Suspending: Chromium 137; Firefox 153 has it too. */
  jspi: boolean
}

export function detectFeatures(): Features {
  return {
    isolated: globalThis.crossOriginIsolated,
    sharedMemory: typeof SharedArrayBuffer === 'function',
    waitAsync: typeof Atomics.waitAsync === 'function',
    jspi: 'Suspending' in WebAssembly && 'promising' in WebAssembly,
  }
}

/**
 * The best tier of these features, or the one that was asked for.
 * @param asked Name of another tier to try (`?io=` in the page's address). Ignored if it cannot be had.
 */
export function chooseTier(features: Features, asked?: string | null): Tier {
  const possible = tiersOf(features)
  const wanted = possible.find(({ name }) => name.toLowerCase() === asked?.toLowerCase())
  if (wanted) return { name: wanted.name, why: `Asked for in the address (?io=${asked}).` }
  return possible[0]
}

function tiersOf(features: Features): [Tier, ...Tier[]] {
  const { isolated, sharedMemory, waitAsync, jspi } = features
  const buffered: Tier = {
    name: 'buffered',
    why: `Messages are held whole: ${missing(features)}, and this browser has no JSPI.`,
  }
  const suspending: Tier[] = jspi
    ? [{ name: 'JSPI', why: `Streams by suspending the guest: ${missing(features)}.` }]
    : []
  const shared: Tier[] =
    isolated && sharedMemory && waitAsync
      ? [{ name: 'rings', why: 'Streams over shared memory: the page is cross-origin isolated.' }]
      : []
  const [best, ...others] = [...shared, ...suspending, buffered]
  return best ? [best, ...others] : [buffered]
}

function missing({ isolated, sharedMemory }: Features): string {
  if (!isolated) return 'the page is not cross-origin isolated'
  return `this browser has no ${sharedMemory ? 'Atomics.waitAsync' : 'SharedArrayBuffer'}`
}
