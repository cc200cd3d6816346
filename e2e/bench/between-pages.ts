/**
 * What the bench runs inside two pages to compare a call to a process of another tab with the bare channel under it. Each
 * function is sent to its page by itself, so it stands alone: it may use nothing but what is inside it.
 */

/** A bare channel: a data channel, or a WebSocket to a server that passes on. */
interface Bare {
  send(bytes: Uint8Array<ArrayBuffer>): void
  onmessage: ((event: MessageEvent<ArrayBuffer>) => void) | null
}

declare global {
  /** The page's end, put there by what sets it up. */
  var bare: Bare
}

/** p50 of a small call, in µs. */
export async function remoteCall(address: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 400; i++) {
    const began = performance.now()
    await globalThis.glia.call(address, new Uint8Array(32))
    if (i >= 100) times.push(performance.now() - began)
  }
  return (times.sort((a, b) => a - b)[times.length >> 1] ?? 0) * 1000
}

/** p50 of 32 bytes there and back over the bare channel, in µs. */
export async function bareCall(): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 400; i++) {
    const began = performance.now()
    await new Promise((resolve) => {
      globalThis.bare.onmessage = resolve
      globalThis.bare.send(new Uint8Array(32))
    })
    if (i >= 100) times.push(performance.now() - began)
  }
  return (times.sort((a, b) => a - b)[times.length >> 1] ?? 0) * 1000
}

/** Calls a second with 64 under way. */
export async function remoteCalls(address: string): Promise<number> {
  let left = 2000
  const began = performance.now()
  const one = async (): Promise<void> => {
    while (left-- > 0) await globalThis.glia.call(address, new Uint8Array(32))
  }
  await Promise.all(Array.from({ length: 64 }, one))
  return 2000 / ((performance.now() - began) / 1000)
}

/** Round trips a second of 32 bytes over the bare channel, with 64 under way. */
export async function bareCalls(): Promise<number> {
  const total = 2000
  let sent = 0
  let got = 0
  const began = performance.now()
  await new Promise<void>((resolve) => {
    const send = (): void => {
      if (sent++ < total) globalThis.bare.send(new Uint8Array(32))
    }
    globalThis.bare.onmessage = () => {
      if (++got === total) resolve()
      else send()
    }
    for (let i = 0; i < 64; i++) send()
  })
  return total / ((performance.now() - began) / 1000)
}

/** Throughput of an echo of 16 MiB, in MB/s. */
export async function remoteEcho(address: string): Promise<number> {
  const total = 16 * 1024 * 1024
  const chunk = new Uint8Array(64 * 1024).fill(3)
  const stream = await globalThis.glia.open(address)
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

/** The same over the bare channel, in messages of 16 KiB with 1 MiB on its way, in MB/s. */
export async function bareEcho(): Promise<number> {
  const total = 16 * 1024 * 1024
  let sent = 0
  let got = 0
  const began = performance.now()
  await new Promise<void>((resolve) => {
    const pump = (): void => {
      for (; sent < total && sent - got < 1024 * 1024; sent += 16_384)
        globalThis.bare.send(new Uint8Array(16_384).fill(3))
    }
    globalThis.bare.onmessage = ({ data }) => {
      got += data.byteLength
      if (got >= total) resolve()
      else pump()
    }
    pump()
  })
  return total / 1024 / 1024 / ((performance.now() - began) / 1000)
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
