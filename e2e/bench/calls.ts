/**
 * What the bench measures of Glia, inside a page. Each function is sent there by itself, so it stands alone: it may use
 * nothing but what is inside it.
 */

interface Calls {
  address: string
  calls: number
}

/** Calls of several addresses, in turn. */
interface CallsInTurn {
  address: string | readonly string[]
  calls: number
  warmUp: number
}

/** Times of calls of 32 bytes, one after the other, in ms. */
export async function callTimes({ address, calls, warmUp }: CallsInTurn): Promise<number[]> {
  const addresses = [address].flat()
  const times: number[] = []
  for (let i = 0; i < warmUp + calls; i++) {
    const began = performance.now()
    await globalThis.glia.call(addresses[i % addresses.length] ?? '', new Uint8Array(32))
    if (i >= warmUp) times.push(performance.now() - began)
  }
  return times
}

/** The same while calls of other processes echo bulk without end. */
export async function callTimesBesideBulk(given: {
  address: string
  calls: number
  warmUp: number
  bulks: readonly string[]
}): Promise<number[]> {
  const chunk = new Uint8Array(64 * 1024)
  let isOver = false
  // A message may have 64 MiB.
  const CHUNKS = 512
  const bulk = async (address: string): Promise<void> => {
    while (!isOver) {
      const stream = await globalThis.glia.open(address)
      const writing = (async () => {
        for (let i = 0; i < CHUNKS && !isOver; i++) await stream.write(chunk)
        await stream.closeWrite()
      })()
      while (await stream.read());
      await writing
    }
  }
  const bulks = given.bulks.map(bulk)
  const times: number[] = []
  for (let i = 0; i < given.warmUp + given.calls; i++) {
    const began = performance.now()
    await globalThis.glia.call(given.address, new Uint8Array(32))
    if (i >= given.warmUp) times.push(performance.now() - began)
  }
  isOver = true
  await Promise.all(bulks)
  return times
}

/** Calls a second, of 32 bytes, with 64 under way. */
export async function callRate({ address, calls }: Calls): Promise<number> {
  let left = calls
  const began = performance.now()
  const one = async (): Promise<void> => {
    while (left-- > 0) await globalThis.glia.call(address, new Uint8Array(32))
  }
  await Promise.all(Array.from({ length: 64 }, one))
  return calls / ((performance.now() - began) / 1000)
}

/**
 * Throughput of a method that echoes, in MB/s. The bytes that are sent stay the sender's, and what comes back is read into
 * memory that is there: where buffers are transferred, each message needs a fresh one.
 */
export async function echoRate({ address, bytes }: { address: string; bytes: number }): Promise<number> {
  const chunk = new Uint8Array(64 * 1024).fill(3)
  const stream = await globalThis.glia.open(address)
  const began = performance.now()
  const writing = (async () => {
    for (let sent = 0; sent < bytes; sent += chunk.length) await stream.write(chunk)
    await stream.closeWrite()
  })()
  const room = new Uint8Array(1024 * 1024)
  let got = 0
  for (let read = await stream.read(room); read; read = await stream.read(room)) got += read.length
  await writing
  if (got !== bytes) throw new Error(`${got} bytes came back`)
  return bytes / 1024 / 1024 / ((performance.now() - began) / 1000)
}

/** Makes processes. @returns the address of a method of each. */
export async function spawnMany({ processes }: { processes: number }): Promise<string[]> {
  const bytes = await (await fetch('actors/upper.wasm')).arrayBuffer()
  const addresses: string[] = []
  for (let i = 0; i < processes; i++) addresses.push(`/ww/0.1.0/self/${await globalThis.glia.spawn(bytes)}/upper`)
  return addresses
}

/** Times from a module's bytes to a process that is ready, in ms. */
export async function spawnTimes(): Promise<number[]> {
  const bytes = await (await fetch('actors/wc.wasm')).arrayBuffer()
  const times: number[] = []
  for (let i = 0; i < 15; i++) {
    const began = performance.now()
    const pid = await globalThis.glia.spawn(bytes)
    times.push(performance.now() - began)
    await globalThis.glia.kill(pid)
  }
  return times
}

/** Times of requests that the service worker answers, one after the other, in ms. */
export async function fetchTimes({ path, init }: { path: string; init?: RequestInit }): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const began = performance.now()
    await (await fetch(path, init)).text()
    if (i >= 50) times.push(performance.now() - began)
  }
  return times
}

/** Makes processes that echo. Resolves to the addresses of their methods. */
export async function spawnEchoes({ processes }: { processes: number }): Promise<string[]> {
  const bytes = await (await fetch('actors/root.wasm')).arrayBuffer()
  const pids = await Promise.all(Array.from({ length: processes }, () => globalThis.glia.spawn(bytes)))
  return pids.map((pid) => `/ww/0.1.0/${globalThis.glia.peerId}/${pid}/echo`)
}

/** Times in which 1 MiB of memory, all of which a message has changed before, is stored for good, in ms. */
export async function fillTimes(given: { pid: string; rounds: number; stored: boolean }): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < given.rounds; i++) {
    await globalThis.glia.call(`/ww/0.1.0/self/${given.pid}/fill`)
    const began = performance.now()
    if (given.stored) await globalThis.glia.checkpoint(given.pid)
    times.push(performance.now() - began)
  }
  return times
}

/**
 * Times of a message to each of some processes, in ms. Before the next one, what it changed is stored, and nothing is
 * done for `pauseMs`.
 */
export async function methodTimes({
  pids,
  method,
  pauseMs,
}: {
  pids: readonly string[]
  method: string
  pauseMs: number
}): Promise<number[]> {
  const times: number[] = []
  for (const pid of pids) {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    const began = performance.now()
    await globalThis.glia.call(`/ww/0.1.0/self/${pid}/${method}`)
    times.push(performance.now() - began)
    await globalThis.glia.checkpoint(pid)
  }
  return times
}

/** Times until a process of a module is made and has answered, in ms, with a pause before each. */
export async function spawnAndCallTimes({
  module,
  method,
  pauseMs,
}: {
  module: Uint8Array
  method: string
  pauseMs: number
}): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < 15; i++) {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    const began = performance.now()
    const pid = await globalThis.glia.spawn(new Uint8Array(module))
    await globalThis.glia.call(`/ww/0.1.0/self/${pid}/${method}`)
    times.push(performance.now() - began)
    await globalThis.glia.kill(pid)
  }
  return times
}
