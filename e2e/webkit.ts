import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { WebDriver } from './webdriver.ts'

/** The driver of WebKitGTK, and an X server without a screen: Debian's packages webkit2gtk-driver and xvfb. */
const [DRIVER, XVFB] = ['WebKitWebDriver', 'Xvfb'].map(onPath)

export const hasWebKit = DRIVER !== undefined && XVFB !== undefined

export interface WebKit {
  readonly driver: WebDriver
  stop(): Promise<void>
}

/**
 * Starts WebKitGTK on a screen of its own.
 * @param sharedMemory WebKitGTK 2.50 has SharedArrayBuffer only where this variable asks for it
 */
export async function startWebKit(sharedMemory: boolean): Promise<WebKit> {
  const xvfb = spawn(XVFB ?? '', ['-displayfd', '1', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [display] = (await once(xvfb.stdout, 'data')) as [Buffer]
  const port = await freePort()
  const env = {
    ...process.env,
    DISPLAY: `:${String(display).trim()}`,
    JSC_useSharedArrayBuffer: sharedMemory ? '1' : '0',
  }
  const service = spawn(DRIVER ?? '', [`--port=${port}`], { env, stdio: 'ignore' })
  const driver = await started(`http://127.0.0.1:${port}`, service)
  const stop = async (): Promise<void> => {
    await driver.stop()
    await Promise.all([ended(service), ended(xvfb)])
  }
  return { driver, stop }
}

/** The driver does not say when it listens, so it is asked until it answers. */
async function started(url: string, service: ChildProcess): Promise<WebDriver> {
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      return await WebDriver.start(url, {})
    } catch (thrown) {
      const isNotThere = thrown instanceof TypeError
      if (!isNotThere || service.exitCode !== null) throw thrown
      // oxlint-disable-next-line no-await-in-loop -- see above
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'close')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}
