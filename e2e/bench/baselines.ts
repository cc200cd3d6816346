/**
 * What the bench compares Glia with, inside a page: a bare channel to somebody who sends back what comes, and a bare
 * worker. Each function is sent to its page by itself, so it stands alone: it may use nothing but what is inside it.
 */

/** A bare channel: to a worker, a data channel, or a WebSocket to a server that passes on. */
interface Bare {
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(): void
  onmessage: ((event: MessageEvent<ArrayBuffer>) => void) | null
}

declare global {
  /** The page's end, put there by what sets it up. */
  var bare: Bare
}

/** Times of 32 bytes there and back, one after the other, in ms. */
export async function roundTripTimes({ calls, warmUp }: { calls: number; warmUp: number }): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < warmUp + calls; i++) {
    const began = performance.now()
    await new Promise((resolve) => {
      globalThis.bare.onmessage = resolve
      globalThis.bare.send(new Uint8Array(32))
    })
    if (i >= warmUp) times.push(performance.now() - began)
  }
  return times
}

/** Round trips a second, of 32 bytes, with 64 under way. */
export async function roundTripRate({ calls }: { calls: number }): Promise<number> {
  let sent = 0
  let got = 0
  const began = performance.now()
  await new Promise<void>((resolve) => {
    const send = (): void => {
      if (sent++ < calls) globalThis.bare.send(new Uint8Array(32))
    }
    globalThis.bare.onmessage = () => {
      if (++got === calls) resolve()
      else send()
    }
    for (let i = 0; i < 64; i++) send()
  })
  return calls / ((performance.now() - began) / 1000)
}

/** Throughput there and back, in messages of some size with 1 MiB on its way, in MB/s. */
export async function bulkRate({ bytes, messageBytes }: { bytes: number; messageBytes: number }): Promise<number> {
  const message = new Uint8Array(messageBytes).fill(3)
  let sent = 0
  let got = 0
  const began = performance.now()
  await new Promise<void>((resolve) => {
    const pump = (): void => {
      for (; sent < bytes && sent - got < 1024 * 1024; sent += messageBytes) globalThis.bare.send(message.slice())
    }
    globalThis.bare.onmessage = ({ data }) => {
      got += data.byteLength
      if (got >= bytes) resolve()
      else pump()
    }
    pump()
  })
  return bytes / 1024 / 1024 / ((performance.now() - began) / 1000)
}

/** Times from a module's bytes to an instance in a bare worker, in ms. */
export async function workerTimes(): Promise<number[]> {
  const bytes = await (await fetch('actors/wc.wasm')).arrayBuffer()
  const code = `onmessage = async ({ data }) => {
    const imports = { wasi_snapshot_preview1: new Proxy({}, { get: () => () => 0 }) }
    await WebAssembly.instantiate(data, imports)
    postMessage(0)
  }`
  const url = URL.createObjectURL(new Blob([code]))
  const times: number[] = []
  for (let i = 0; i < 15; i++) {
    const began = performance.now()
    const module = await WebAssembly.compile(bytes)
    const worker = new Worker(url)
    await new Promise((resolve) => {
      worker.onmessage = resolve
      worker.postMessage(module)
    })
    times.push(performance.now() - began)
    worker.terminate()
  }
  return times
}

/** Starts bare workers, each with an instance, which send back what comes. The channel is to each of them in turn. */
export async function connectWorkers({ workers }: { workers: number }): Promise<void> {
  const module = await WebAssembly.compileStreaming(fetch('actors/upper.wasm'))
  const code = `onmessage = async ({ data }) => {
    const imports = { wasi_snapshot_preview1: new Proxy({}, { get: () => () => 0 }) }
    globalThis.instance = await WebAssembly.instantiate(data, imports)
    onmessage = ({ data }) => postMessage(data)
    postMessage(0)
  }`
  const url = URL.createObjectURL(new Blob([code]))
  const started: Worker[] = []
  let next = 0
  const bare: Bare = {
    onmessage: null,
    send: (bytes) => started[next++ % workers]?.postMessage(bytes),
    close: () => {
      for (const worker of started) worker.terminate()
    },
  }
  globalThis.bare = bare
  for (let i = 0; i < workers; i++) {
    const worker = new Worker(url)
    await new Promise((resolve) => {
      worker.onmessage = resolve
      worker.postMessage(module)
    })
    worker.onmessage = (event) => bare.onmessage?.(event)
    started.push(worker)
  }
}

/** Starts a worker that sends back what comes. @param transfer Buffers are transferred, not copied. */
export async function connectWorker({ transfer }: { transfer: boolean }): Promise<void> {
  const code = `onmessage = ({ data }) => postMessage(data, ${transfer ? '[data]' : ''})`
  const worker = new Worker(URL.createObjectURL(new Blob([code])))
  globalThis.bare = Object.assign(worker, {
    send: (bytes: Uint8Array<ArrayBuffer>) =>
      transfer ? worker.postMessage(bytes.buffer, [bytes.buffer]) : worker.postMessage(bytes),
    close: () => worker.terminate(),
  })
  await new Promise((resolve) => {
    worker.onmessage = resolve
    globalThis.bare.send(new Uint8Array(1))
  })
}

/** Offers a data channel. @returns the description, with its candidates. */
export async function offerChannel(): Promise<string> {
  const connection = new RTCPeerConnection()
  const channel = connection.createDataChannel('bench')
  channel.binaryType = 'arraybuffer'
  Object.assign(globalThis, { bare: channel, connection })
  await connection.setLocalDescription()
  await new Promise((resolve) => {
    connection.onicecandidate = ({ candidate }) => candidate ?? resolve(null)
  })
  return connection.localDescription?.sdp ?? ''
}

/** Answers an offer; what comes is sent back. */
export async function answerChannel(sdp: string): Promise<string> {
  const connection = new RTCPeerConnection()
  connection.ondatachannel = ({ channel }) => {
    channel.binaryType = 'arraybuffer'
    channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => channel.send(data)
  }
  Object.assign(globalThis, { connection })
  await connection.setRemoteDescription({ type: 'offer', sdp })
  await connection.setLocalDescription()
  await new Promise((resolve) => {
    connection.onicecandidate = ({ candidate }) => candidate ?? resolve(null)
  })
  return connection.localDescription?.sdp ?? ''
}

export async function acceptAnswer(sdp: string): Promise<void> {
  const { connection, bare: channel } = globalThis as unknown as { connection: RTCPeerConnection; bare: RTCDataChannel }
  await connection.setRemoteDescription({ type: 'answer', sdp })
  if (channel.readyState !== 'open') await new Promise((resolve) => (channel.onopen = resolve))
}

/** Connects the page to a server that passes on. @param echo What comes is sent back. */
export async function connectSocket({ url, echo }: { url: string; echo: boolean }): Promise<void> {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  Object.assign(globalThis, { bare: socket })
  await new Promise((resolve) => (socket.onopen = resolve))
  if (echo) socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => socket.send(data)
}

/** Times in which the page stores 1 MiB that a worker gives it, for good, in ms. */
export async function storeTimes({ rounds }: { rounds: number }): Promise<number[]> {
  const opening = indexedDB.open('bench-baseline', 1)
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('memory'))
  await new Promise((resolve) => opening.addEventListener('success', resolve))
  const code = `onmessage = () => {
    const bytes = new Uint8Array(2 ** 20).fill(Math.random() * 256)
    postMessage(bytes, [bytes.buffer])
  }`
  const worker = new Worker(URL.createObjectURL(new Blob([code])))
  const times: number[] = []
  for (let i = 0; i < rounds; i++) {
    const began = performance.now()
    const bytes = await new Promise<Uint8Array>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data as Uint8Array)
      worker.postMessage(0)
    })
    const tx = opening.result.transaction('memory', 'readwrite', { durability: 'strict' })
    tx.objectStore('memory').put(bytes, 0)
    await new Promise((resolve) => tx.addEventListener('complete', resolve))
    times.push(performance.now() - began)
  }
  worker.terminate()
  opening.result.close()
  return times
}
