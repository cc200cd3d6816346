import type { TierName } from './worker-api.ts'

export interface Tier {
  name: TierName
  /** Why this one, as a sentence for the header. */
  why: string
}

/** Features of the browser and the page that decide the tier. */
export interface Features {
  /** The page is cross-origin isolated, so SharedArrayBuffer may be posted. */
  isolated: boolean
  /** Atomics.waitAsync: Chromium 87, Safari 16.4, Firefox 145. */
  waitAsync: boolean
  /** WebAssembly.Suspending: Chromium 137; Firefox 153 has it too. */
  jspi: boolean
}

export function detectFeatures(): Features {
  return {
    isolated: globalThis.crossOriginIsolated && typeof SharedArrayBuffer === 'function',
    waitAsync: typeof Atomics.waitAsync === 'function',
    jspi: 'Suspending' in WebAssembly && 'promising' in WebAssembly,
  }
}

/**
 * The best tier the features can have, or the one asked for.
 * @param asked Name of a tier, to try another than the best (`?io=` in the page's address). Ignored if it cannot be had.
 */
export function chooseTier(features: Features, asked?: string | null): Tier {
  const possible = tiersOf(features)
  const wanted = possible.find(({ name }) => name.toLowerCase() === asked?.toLowerCase())
  if (wanted) return { name: wanted.name, why: `Asked for in the address (?io=${asked}).` }
  return possible[0]
}

function tiersOf({ isolated, waitAsync, jspi }: Features): [Tier, ...Tier[]] {
  const buffered: Tier = {
    name: 'buffered',
    why: `Messages are held whole: ${missing(isolated)}, and this browser has no JSPI.`,
  }
  const suspending: Tier[] = jspi
    ? [{ name: 'JSPI', why: `Streams by suspending the guest: ${missing(isolated)}.` }]
    : []
  const shared: Tier[] =
    isolated && waitAsync
      ? [{ name: 'rings', why: 'Streams over shared memory: the page is cross-origin isolated.' }]
      : []
  const [best, ...others] = [...shared, ...suspending, buffered]
  return best ? [best, ...others] : [buffered]
}

function missing(isolated: boolean): string {
  return isolated ? 'this browser has no Atomics.waitAsync' : 'the page is not cross-origin isolated'
}
