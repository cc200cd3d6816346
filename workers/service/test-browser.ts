// For tests: what a browser has around a service worker. Ports, streams and requests are those of Node.
import { vi } from 'vitest'
import type { HttpApi } from '../../src/glia/http/http.ts'
import { DeathWatch, holdForLife } from '../../src/calls/life-lock.ts'
import { type CallMessage, newLifeLock, readToTab, type ToService, type ToTab } from '../../src/calls/protocol.ts'
import { serveCall } from '../../src/calls/served-call.ts'
import { TestLocks } from '../../src/calls/test-locks.ts'
import { Tabs } from './tabs.ts'

export const BASE = 'https://glia.test/app/'

export interface WindowInit {
  id: string
  /** Left out: the window runs no peer, and answers nothing. */
  peer?: string
  slot?: number
  frameType?: FrameType
  /** Answers calls. Left out: the test does. */
  api?: HttpApi
}

/** A window of the browser. The service worker talks to it over a port. */
export class TestWindow {
  readonly client: Client
  readonly lock = newLifeLock()
  /** What the service worker has sent. */
  readonly received: ToTab[] = []
  readonly calls: { call: CallMessage; port: MessagePort }[] = []
  readonly #life = new AbortController()
  readonly #init: WindowInit
  readonly #deaths = new DeathWatch()
  readonly #browser: TestBrowser

  constructor(browser: TestBrowser, init: WindowInit) {
    this.#browser = browser
    this.#init = init
    const { port1, port2 } = new MessageChannel()
    const { id, frameType = 'top-level' } = init
    this.client = {
      id,
      frameType,
      type: 'window',
      url: BASE,
      postMessage: (message: unknown, transfer: Transferable[]) => port1.postMessage(message, transfer),
    } as WindowClient
    port2.onmessage = ({ data, ports: [port] }: MessageEvent) => this.#receive(readToTab(data), port)
    this.#life.signal.addEventListener('abort', () => port2.close())
  }

  get types(): string[] {
    return this.received.map(({ type }) => type)
  }

  /** Says who it is, as soon as it holds its lock. */
  async hello(lock = this.lock): Promise<void> {
    const { peer, slot = 0 } = this.#init
    if (peer === undefined) return
    await holdForLife(lock, this.#life.signal)
    const hello: ToService & { type: 'glia:hello' } = { type: 'glia:hello', peer, slot, lock }
    this.#browser.tabs.hello(this.client, hello)
  }

  close(): void {
    this.#life.abort()
  }

  #receive(message: ToTab | undefined, port: MessagePort | undefined): void {
    if (!message) throw new TypeError('The service worker sent something else.')
    this.received.push(message)
    if (message.type === 'glia:who') void this.hello()
    if (message.type !== 'glia:call' || !port) return
    this.calls.push({ call: message, port })
    const { api } = this.#init
    if (api) serveCall(message, port, { api, lock: this.lock, deaths: this.#deaths })
  }
}

/** The windows of one browser, and the service worker's view of them. */
export class TestBrowser {
  readonly deaths = new DeathWatch()
  readonly tabs: Tabs
  readonly #windows: TestWindow[] = []

  /** Stubs the globals of a service worker. The test takes them back. */
  constructor() {
    vi.stubGlobal('navigator', { locks: new TestLocks() })
    vi.stubGlobal('location', new URL('sw.js', BASE))
    vi.stubGlobal('self', { location, clients: { matchAll: async () => this.#windows.map(({ client }) => client) } })
    this.tabs = new Tabs(this.deaths)
  }

  /** Opens a window of which the service worker knows nothing yet. */
  open(init: WindowInit): TestWindow {
    const window = new TestWindow(this, init)
    this.#windows.push(window)
    return window
  }

  /** Opens a window that has said who it is. */
  async join(init: WindowInit): Promise<TestWindow> {
    const window = this.open(init)
    await window.hello()
    return window
  }

  close(): void {
    for (const window of this.#windows) window.close()
    vi.unstubAllGlobals()
  }
}
