import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect, type Page } from '@playwright/test'
import { test, visit } from './mesh.ts'
import { staticServer } from './server.ts'

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/**
 * Makes a page answer a WebRTC dial whose other side names a port as a candidate for TCP, in its description and after
 * it.
 */
async function dialWithCandidate(page: Page, port: number): Promise<void> {
  await page.evaluate(async (to) => {
    const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()]
    near.createDataChannel('x')
    await near.setLocalDescription(await near.createOffer())
    await far.setRemoteDescription(near.localDescription as RTCSessionDescription)
    const { type, sdp } = await far.createAnswer()
    const candidate = `candidate:1 1 tcp 1518280447 127.0.0.1 ${to} typ host tcptype passive`
    await near.setRemoteDescription({ type, sdp: `${sdp}a=${candidate}\r\n` })
    await near.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 })
  }, port)
}

test('a stranger’s WebRTC dial makes no page connect to a port of its machine', async ({ browser }) => {
  let reached = 0
  const ports = createServer((socket) => {
    reached += 1
    socket.on('error', () => undefined).destroy()
  })
  const plain = createHttpServer((_, response) => response.end())
  const [port, plainPort, site] = await Promise.all([listening(ports), listening(plain), staticServer()])
  const page = await visit(browser, site.url)
  const control = await browser.newPage()
  try {
    await dialWithCandidate(page, port)
    // A page without Glia connects, so by then the other page would have.
    await control.goto(`http://127.0.0.1:${plainPort}/`)
    expect(reached).toBe(0)
    const before = createServer((socket) => socket.destroy())
    const controlPort = await listening(before)
    const connected = once(before, 'connection')
    await dialWithCandidate(control, controlPort)
    await connected
    before.close()
    expect(reached).toBe(0)
  } finally {
    await Promise.all([page.context().close(), control.close()])
    await site.stop()
    ports.close()
    plain.close()
  }
})
