// Tabs that run a peer, as the tests drive them: through `glia` and `fetch`, as a person's scripts would.
import { type CDPSession, expect, type Locator, type Page } from '@playwright/test'
import type { GliaScripting } from '../src/tab/scripting.ts'
import { type GuestName, guest } from './guests/guests.ts'
import { test as withServer } from './server.ts'

type SpawnOptions = Parameters<GliaScripting['spawn']>[1]

/** What a call came to: the reply as text, or the error that the caller got. */
export interface Outcome {
  text?: string
  code?: string
  message?: string
}

/** The answer to a fetch. `text` is undefined if the body broke off. */
export interface Reply {
  status: number
  headers: Record<string, string>
  text: string | undefined
}

/** What tests use inside pages, put there before the app's own scripts. */
interface PageTools {
  /** Bytes of a stream from an offset on, such that a lost, doubled or swapped piece shows. */
  pattern(length: number, offset?: number): Uint8Array<ArrayBuffer>
  isPattern(bytes: Uint8Array, offset?: number): boolean
  /**
   * Sends the pattern to a method that echoes, in pieces, while it checks what comes back.
   * @param look Is waited for eight times on the way
   * @returns how many bytes came back
   * @throws {Error} if they are others
   */
  echo(address: string, bytes: number, look?: () => Promise<void>): Promise<number>
  outcome(call: Promise<Uint8Array | string>): Promise<Outcome>
  reply(response: Promise<Response>): Promise<Reply>
}

declare global {
  var tools: PageTools
}

/** For `addInitScript`. */
export function installTools(): void {
  const byteAt = (index: number): number => Math.imul(index, 2654435761) >>> 24
  globalThis.tools = {
    pattern(length, offset = 0) {
      const bytes = new Uint8Array(length)
      for (let i = 0; i < length; i++) bytes[i] = byteAt(offset + i)
      return bytes
    },
    isPattern(bytes, offset = 0) {
      for (let i = 0; i < bytes.length; i++) if (bytes[i] !== byteAt(offset + i)) return false
      return true
    },
    async echo(address, bytes, look) {
      const CHUNK = 64 * 1024
      const LOOK_EVERY = bytes / 8
      const stream = await glia.open(address)
      const sent = (async () => {
        for (let at = 0; at < bytes; at += CHUNK) await stream.write(tools.pattern(CHUNK, at))
        await stream.closeWrite()
      })()
      let at = 0
      for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
        if (!tools.isPattern(chunk, at)) throw new Error(`the bytes differ after ${at}`)
        if (Math.floor(at / LOOK_EVERY) !== Math.floor((at += chunk.length) / LOOK_EVERY)) await look?.()
      }
      await sent
      return at
    },
    async outcome(pending) {
      try {
        const reply = await pending
        return { text: typeof reply === 'string' ? reply : new TextDecoder().decode(reply) }
      } catch (thrown) {
        const { code, message } = thrown as { code?: unknown; message: string }
        return { code: String(code), message }
      }
    },
    async reply(response) {
      const { status, headers, ...rest } = await response.then((got) => ({
        status: got.status,
        headers: Object.fromEntries(got.headers),
        text: got.text().catch(() => undefined),
      }))
      return { status, headers, text: await rest.text }
    },
  }
}

/** Opens the app in a page and waits until calls work. */
export async function openTab(page: Page, url: string): Promise<Page> {
  await page.goto(url)
  await ready(page)
  return page
}

/**
 * Waits until calls work, over HTTP too where there is a service worker, also across the reload that isolates the page on
 * static hosts; and until the page can be used, and is no picture any more.
 */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => crossOriginIsolated && globalThis.glia !== undefined)
  await page.evaluate(async () => {
    await glia.ready
    await glia.served.catch(() => undefined)
  })
  await page.waitForFunction(() => document.querySelector<HTMLElement>('#app')?.inert !== true)
}

/** Makes a process of a test guest. @returns its PID. */
export async function spawn(page: Page, name: GuestName, options: SpawnOptions = {}): Promise<string> {
  return spawnBytes(page, await guest(name), { name, ...options })
}

export async function spawnBytes(page: Page, bytes: Uint8Array, options: SpawnOptions = {}): Promise<string> {
  return page.evaluate(([module, given]) => glia.spawn(module, given), [bytes, options] as const)
}

/** As spawn, for what is to be refused. */
export async function trySpawn(page: Page, bytes: Uint8Array, options: object = {}): Promise<Outcome> {
  return page.evaluate(([module, given]) => tools.outcome(glia.spawn(module, given)), [bytes, options] as const)
}

/** Address of a method of a process of the tab itself. */
export function local(pid: string, method: string): string {
  return `/ww/0.1.0/self/${pid}/${method}`
}

/** Address of a method of a tab's process, for other peers. Without a PID: of its root process. */
export async function addressOf(page: Page, method: string, pid?: string): Promise<string> {
  const [peerId, root] = await page.evaluate(() => [glia.peerId, glia.procs()[0]?.pid])
  return `/ww/0.1.0/${peerId}/${pid ?? root}/${method}`
}

/** Waits until a process is in a state, such as 'idle' or 'busy'. */
export async function inState(page: Page, pid: string, state: string): Promise<void> {
  await page.waitForFunction(
    ([wantedPid, wanted]) => glia.procs().some((proc) => proc.pid === wantedPid && proc.state === wanted),
    [pid, state] as const,
  )
}

/** Calls through `glia.call`. */
export function call(page: Page, address: string, body = ''): Promise<Outcome> {
  return page.evaluate(([to, message]) => tools.outcome(glia.call(to, message)), [address, body] as const)
}

/** Calls over the HTTP API, from the page's script. */
export function send(page: Page, path: string, init: RequestInit = { method: 'POST' }): Promise<Reply> {
  return page.evaluate(([url, given]) => tools.reply(fetch(url, given)), [path, init] as const)
}

export function peerIdOf(page: Page): Promise<string> {
  return page.evaluate(async () => {
    await glia.ready
    return glia.peerId ?? ''
  })
}

/** A DevTools session of the page, for what no page can do to itself. */
export function devtools(page: Page): Promise<CDPSession> {
  return page.context().newCDPSession(page)
}

/** How many `Worker` objects the page cannot let go of. */
export async function heldWorkers(page: Page): Promise<unknown> {
  const session = await devtools(page)
  const objectGroup = 'count'
  const { result: prototype } = await session.send('Runtime.evaluate', { expression: 'Worker.prototype', objectGroup })
  const { objects } = await session.send('Runtime.queryObjects', {
    prototypeObjectId: prototype.objectId ?? '',
    objectGroup,
  })
  const { result } = await session.send('Runtime.callFunctionOn', {
    objectId: objects.objectId ?? '',
    functionDeclaration: 'function () { return this.length }',
    returnByValue: true,
  })
  // Objects that DevTools gave out are held until they are released.
  await session.send('Runtime.releaseObjectGroup', { objectGroup })
  await session.detach()
  return result.value
}

/** Ends the service worker at once, as a browser does with one that is idle or takes up memory it needs. */
export async function stopServiceWorker(page: Page): Promise<void> {
  const session = await devtools(page)
  await session.send('ServiceWorker.enable')
  await session.send('ServiceWorker.stopAllWorkers')
  await session.detach()
}

/** Watches for the next start of a service worker, from now on. */
export async function nextServiceWorker(page: Page): Promise<{ started: Promise<void> }> {
  const session = await devtools(page)
  const started = new Promise<void>((resolve) => {
    let wasDown = false
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      for (const { runningStatus } of versions) {
        wasDown ||= runningStatus !== 'running'
        if (wasDown && runningStatus === 'running') resolve()
      }
    })
  })
  await session.send('ServiceWorker.enable')
  return { started }
}

/** Drops files on an element of the page, as from the desktop. */
export async function drop(page: Page, target: string, files: Record<string, Uint8Array<ArrayBuffer>>): Promise<void> {
  const dragged = await page.evaluateHandle((dropped) => {
    const transfer = new DataTransfer()
    for (const [name, bytes] of Object.entries(dropped)) transfer.items.add(new File([bytes], name))
    return transfer
  }, files)
  for (const type of ['dragenter', 'dragover']) await page.dispatchEvent(target, type, { dataTransfer: dragged })
  await page.dispatchEvent(target, 'drop', { dataTransfer: dragged })
}

/** Chooses a file with a file input of the page. */
export async function choose(page: Page, label: string, name: string, bytes: Uint8Array): Promise<void> {
  await page.getByLabel(label).setInputFiles({ name, mimeType: 'application/wasm', buffer: Buffer.from(bytes) })
}

/** Presses Start on the sheet of the file that was dropped or chosen, and waits until it is a process. */
export async function startSheet(page: Page): Promise<void> {
  const sheet = page.getByRole('dialog')
  const title = await sheet.getByRole('heading').textContent()
  await sheet.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(sheet.getByRole('heading', { name: title ?? '', exact: true })).toHaveCount(0)
}

/** Makes a process of a test guest as a person does: chooses its file, and starts it as its sheet proposes. */
export async function addActor(page: Page, name: GuestName): Promise<void> {
  await choose(page, 'Add a .wasm actor', `${name}.wasm`, await guest(name))
  await startSheet(page)
}

/** The row of a process in the table. */
export function row(page: Page, name: string): Locator {
  return page.getByRole('table', { name: 'Processes' }).getByRole('row').filter({ hasText: name })
}

/** Playwright's `test` with our server, and a tab that runs a peer. */
export const test = withServer.extend<{ tab: Page }>({
  context: async ({ context }, use) => {
    await context.addInitScript(installTools)
    await use(context)
  },
  tab: async ({ page, server }, use) => {
    await use(await openTab(page, server.url))
  },
})
