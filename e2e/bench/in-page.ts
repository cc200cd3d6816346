/**
 * What the bench runs inside the page. Each function is sent there by itself, so it stands alone: it may use nothing but
 * what is inside it.
 */

/** p50 of a small call, in µs. */
export async function gliaCall(): Promise<number> {
  const address = '/ww/0.1.0/self/root/echo'
  const times: number[] = []
  for (let i = 0; i < 1500; i++) {
    const began = performance.now()
    await globalThis.glia.call(address, new Uint8Array(32))
    if (i >= 200) times.push(performance.now() - began)
  }
  return (times.sort((a, b) => a - b)[times.length >> 1] ?? 0) * 1000
}

/** p50 of a bare ping-pong, in µs. */
export async function pingPong(): Promise<number> {
  const worker = new Worker(URL.createObjectURL(new Blob(['onmessage = (e) => postMessage(e.data)'])))
  const times: number[] = []
  for (let i = 0; i < 1500; i++) {
    const began = performance.now()
    await new Promise((resolve) => {
      worker.onmessage = resolve
      worker.postMessage(new Uint8Array(32))
    })
    if (i >= 200) times.push(performance.now() - began)
  }
  worker.terminate()
  return (times.sort((a, b) => a - b)[times.length >> 1] ?? 0) * 1000
}

/** Throughput of the root process's echo, in MB/s. */
export async function gliaEcho(): Promise<number> {
  const total = 64 * 1024 * 1024
  const chunk = new Uint8Array(64 * 1024).fill(3)
  const stream = await globalThis.glia.open('/ww/0.1.0/self/root/echo')
  const began = performance.now()
  const writing = (async () => {
    for (let sent = 0; sent < total; sent += chunk.length) await stream.write(chunk.slice())
    await stream.closeWrite()
  })()
  let got = 0
  for (let bytes = await stream.read(); bytes; bytes = await stream.read()) got += bytes.length
  await writing
  if (got !== total) throw new Error(`${got} bytes came back`)
  return total / 1024 / 1024 / ((performance.now() - began) / 1000)
}

/** The same with 16 buffers of 64 KiB in flight that are transferred there and back, in MB/s. */
export async function transferEcho(): Promise<number> {
  const total = 64 * 1024 * 1024
  const chunk = new Uint8Array(64 * 1024).fill(3)
  const worker = new Worker(URL.createObjectURL(new Blob(['onmessage = (e) => postMessage(e.data, [e.data])'])))
  await new Promise((resolve) => {
    worker.onmessage = resolve
    worker.postMessage(new ArrayBuffer(1))
  })
  const began = performance.now()
  let sent = 0
  let got = 0
  await new Promise<void>((resolve) => {
    const pump = (): void => {
      for (; sent < total && sent - got < 16 * chunk.length; sent += chunk.length) {
        const { buffer } = chunk.slice()
        worker.postMessage(buffer, [buffer])
      }
    }
    worker.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      got += data.byteLength
      if (got >= total) resolve()
      else pump()
    }
    pump()
  })
  worker.terminate()
  return total / 1024 / 1024 / ((performance.now() - began) / 1000)
}

/** Time from a module's bytes to a process that is ready, in ms. */
export async function gliaSpawn(): Promise<number> {
  const bytes = await (await fetch('actors/counter.wasm')).arrayBuffer()
  const times: number[] = []
  for (let i = 0; i < 15; i++) {
    const began = performance.now()
    const pid = await globalThis.glia.spawn(bytes)
    times.push(performance.now() - began)
    await globalThis.glia.kill(pid)
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? 0
}

/** Time from the same bytes to an instance in a bare worker, in ms. */
export async function bareSpawn(): Promise<number> {
  const bytes = await (await fetch('actors/counter.wasm')).arrayBuffer()
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
  return times.sort((a, b) => a - b)[times.length >> 1] ?? 0
}

/** p50 of a small call through the service worker, in µs. */
export async function httpCall(): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const began = performance.now()
    await (await fetch('ww/0.1.0/self/root/echo', { method: 'POST', body: 'x'.repeat(32) })).text()
    if (i >= 50) times.push(performance.now() - began)
  }
  return (times.sort((a, b) => a - b)[times.length >> 1] ?? 0) * 1000
}

/** p50 of a request that the service worker answers by itself, from its cache, in µs. */
export async function cachedFile(): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const began = performance.now()
    await (await fetch('actors/index.json')).text()
    if (i >= 50) times.push(performance.now() - began)
  }
  return (times.sort((a, b) => a - b)[times.length >> 1] ?? 0) * 1000
}
