import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type Relay, startRelayWith } from '../mesh.ts'
import { Random } from '../random.ts'
import { ROOT } from '../server.ts'
import { added, type Figures, figuresOf } from './figures.ts'
import { Host } from './hosts.ts'
import type { Found, Look } from './messages.ts'

export interface ScaleInit {
  peers: number
  relays: number
  /** How long the mesh is watched, in ms. */
  watchMs: number
  seed: number
}

export interface ScaleReport {
  /** Of the relays together, per peer: live objects and buffers. */
  heapBytesPerPeer: number
  /** What the system gave the relays, garbage included, at its largest. */
  residentBytesPerPeer: number
  /** On the wire of the relays while nobody calls, both directions, per peer and second. */
  wireBytesPerPeer: number
  /** Of one core, per peer, while nobody calls. */
  cpuPerPeer: number
  lookupMs: number[]
  /** Of calls of newcomers that failed. */
  errors: string[]
  /** Smallest number of peers that had all their reservations. */
  kept: number
  losses: Record<string, number>
  refused: Record<string, number>
  /** Smallest, median and largest number of peers that a peer knows. */
  known: [number, number, number]
}

/** Peers in one process. More make it so busy that it says more about Node than about the mesh. */
const PEERS_PER_HOST = 125
/** Time after the last peer has joined, in ms: the mesh settles. */
const SETTLE_MS = 20_000
/** Time between two looks, and time for a collection of garbage. */
const LOOK_MS = 2_000
/** Makes a relay collect its garbage at a signal. */
const COLLECTS = { NODE_OPTIONS: `--import ${pathToFileURL(join(ROOT, 'e2e/scale/collect.mjs')).href}` }
const NEWCOMERS = 100

/** Fills relays with peers, and watches. */
export async function scale({ peers, relays: relayCount, watchMs, seed }: ScaleInit): Promise<ScaleReport> {
  const random = new Random(seed)
  const relays: Relay[] = []
  const hosts: Host[] = []
  try {
    for (let i = 0; i < relayCount; i++) {
      // Each joins those before it. All peers of this machine have one address.
      const others = relays.flatMap(({ tcp }) => ['--relay', tcp])
      relays.push(await startRelayWith(COLLECTS, ['--per-address', '1024', ...others]))
    }
    const doors = relays.map(({ tcp }) => [tcp])
    const look = async (): Promise<Figures> => added(await Promise.all(relays.map(figuresOf)))
    const lookAtLive = async (): Promise<Figures> => {
      for (const relay of relays) relay.signal('SIGUSR2')
      await pause(LOOK_MS)
      return look()
    }
    const empty = await lookAtLive()
    const ids: string[] = []
    for (let left = peers; left > 0; left -= PEERS_PER_HOST) {
      const host = new Host()
      hosts.push(host)
      ids.push(...(await host.join(Math.min(left, PEERS_PER_HOST), doors)).ids)
    }
    await pause(SETTLE_MS)
    const began = performance.now()
    const first = await look()
    let last = first
    let residentBytes = 0
    let kept = peers
    let known: number[] = []
    const losses: Record<string, number> = {}
    while (performance.now() - began < watchMs) {
      await pause(LOOK_MS)
      const looks: Look[] = await Promise.all(hosts.map((host) => host.look()))
      kept = Math.min(kept, sum(looks.map(({ reserved }) => reserved)))
      known = looks.flatMap((each) => each.known).toSorted((a, b) => a - b)
      for (const each of looks)
        for (const [why, count] of Object.entries(each.losses)) losses[why] = (losses[why] ?? 0) + count
      last = await look()
      residentBytes = Math.max(residentBytes, last.residentBytes)
    }
    const seconds = (performance.now() - began) / 1000
    const { heapBytes } = await lookAtLive()
    const found = await lookUp({ random, ids, doors, host: new Host() }, hosts)
    return {
      heapBytesPerPeer: (heapBytes - empty.heapBytes) / peers,
      residentBytesPerPeer: (residentBytes - empty.residentBytes) / peers,
      wireBytesPerPeer: (last.wireBytes - first.wireBytes) / seconds / peers,
      cpuPerPeer: (last.cpuSeconds - first.cpuSeconds) / seconds / peers,
      lookupMs: found.flatMap(({ ms }) => ms ?? []).toSorted((a, b) => a - b),
      errors: found.flatMap(({ error }) => error ?? []),
      kept,
      losses,
      refused: last.refused,
      known: [known[0] ?? 0, known[Math.floor(known.length / 2)] ?? 0, known.at(-1) ?? 0],
    }
  } finally {
    await Promise.all(hosts.map((host) => host.end()))
    await Promise.all(relays.map((relay) => relay.stop()))
  }
}

/** Newcomers, one after the other, each of which calls a peer by its id. */
async function lookUp(
  { random, ids, doors, host }: { random: Random; ids: readonly string[]; doors: readonly string[][]; host: Host },
  hosts: Host[],
): Promise<Found[]> {
  hosts.push(host)
  const found: Found[] = []
  for (let i = 0; i < NEWCOMERS; i++) found.push(await host.find(random.pick(ids), random.pick(doors)))
  return found
}

function sum(all: readonly number[]): number {
  return all.reduce((total, each) => total + each, 0)
}
