// A browser that is driven by the W3C WebDriver protocol (https://www.w3.org/TR/webdriver2/): as much of it as the tests use.

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json }

/** How JSON names an element: https://www.w3.org/TR/webdriver2/#elements */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

/** How long one script may run, in milliseconds. */
const SCRIPT_MS = 30_000

export class WebDriver {
  readonly #session: string
  /** The tab that the browser begins with. It stays, because a browser without a tab ends. */
  readonly #first: string
  #current: string

  private constructor(session: string, first: string) {
    this.#session = session
    this.#first = first
    this.#current = first
  }

  /**
   * Has a driver start its browser.
   * @param driver The driver's address, without a slash at its end
   */
  static async start(driver: string, capabilities: Json): Promise<WebDriver> {
    const body = { capabilities: { alwaysMatch: capabilities } }
    const { sessionId } = (await command('POST', `${driver}/session`, body)) as { sessionId: string }
    const session = `${driver}/session/${sessionId}`
    await command('POST', `${session}/timeouts`, { script: SCRIPT_MS })
    return new WebDriver(session, String(await command('GET', `${session}/window`)))
  }

  async newTab(): Promise<Tab> {
    // The tab in front may have been closed.
    await this.show(this.#first)
    const { handle } = (await this.send('POST', 'window/new', { type: 'tab' })) as { handle: string }
    return new Tab(this, handle)
  }

  async stop(): Promise<void> {
    await command('DELETE', this.#session)
  }

  /** Sends a command for the tab that is in front. */
  send(method: string, path: string, body?: Json): Promise<unknown> {
    return command(method, `${this.#session}/${path}`, body)
  }

  /** Puts a tab in front. */
  async show(handle: string): Promise<void> {
    if (this.#current === handle) return
    await this.send('POST', 'window', { handle })
    this.#current = handle
  }
}

/** One command at a time: the protocol knows one tab that is in front. */
export class Tab {
  readonly #browser: WebDriver
  readonly #handle: string

  constructor(browser: WebDriver, handle: string) {
    this.#browser = browser
    this.#handle = handle
  }

  async goto(url: string): Promise<void> {
    await this.#send('POST', 'url', { url })
  }

  async reload(): Promise<void> {
    await this.#send('POST', 'refresh', {})
  }

  async close(): Promise<void> {
    await this.#send('DELETE', 'window')
  }

  /**
   * Runs a function in the page, as Playwright's `evaluate` does.
   * @throws {Error} what the function threw, as text
   */
  async evaluate<Args extends readonly Json[], Result>(
    run: (...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Result> {
    const script = `
      const done = arguments[arguments.length - 1]
      const run = async () => (${run.toString()})(...[...arguments].slice(0, -1))
      run().then((value) => done({ value }), (thrown) => done({ thrown: String(thrown) }))`
    const answer = (await this.#send('POST', 'execute/async', { script, args })) as { value: Result; thrown?: string }
    if (answer.thrown !== undefined) throw new Error(answer.thrown)
    return answer.value
  }

  /** Types a text into an element that a CSS selector finds; into a file input, the path of a file. @throws {Error} if there is none */
  async type(selector: string, text: string): Promise<void> {
    await this.#send('POST', `element/${await this.#find(selector)}/value`, { text })
  }

  async #find(selector: string): Promise<string> {
    const found = await this.#send('POST', 'element', { using: 'css selector', value: selector })
    return (found as { [ELEMENT]: string })[ELEMENT]
  }

  async #send(method: string, path: string, body?: Json): Promise<unknown> {
    await this.#browser.show(this.#handle)
    return this.#browser.send(method, path, body)
  }
}

async function command(method: string, url: string, body?: Json): Promise<unknown> {
  const response = await fetch(url, body === undefined ? { method } : { method, body: JSON.stringify(body) })
  const { value } = (await response.json()) as { value: unknown }
  if (response.ok) return value
  const { error, message } = value as { error: string; message: string }
  throw new Error(`${error}: ${message}`)
}
