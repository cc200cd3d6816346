import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildNode } from './bundle.ts'
import { fromRoot } from './paths.ts'

/** What a page is told of its mesh. */
interface WellKnown {
  readonly version: string
  readonly relays: readonly string[]
}

/** The relay of `npm run dev`: the server as `npm run build` makes it, on free ports of this machine, with a new key each time. */
export class DevRelay {
  readonly #folder = mkdtempSync(join(tmpdir(), 'glia-dev-'))
  #child: ChildProcess | undefined
  #url: Promise<string> | undefined
  #isStopped = false

  /**
   * What pages read from `.well-known/glia.json`. The first call starts the relay.
   *
   * @param port of the development server, whose pages are let in
   * @throws {Error} with what the relay said if it does not start; the next call tries again
   */
  async wellKnown(port: number): Promise<WellKnown> {
    this.#url ??= this.#start(port)
    const url = await this.#url.catch((thrown: unknown) => {
      this.#url = undefined
      throw thrown
    })
    const reply = await fetch(new URL('.well-known/glia.json', url))
    const { version, relays } = (await reply.json()) as WellKnown
    // Without its peer id, which would say that programs can call at the address of the page.
    return { version, relays }
  }

  /** Ends the relay at once: this process may be about to exit. Idempotent. */
  stop(): void {
    this.#isStopped = true
    this.#child?.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 })
  }

  async #start(port: number): Promise<string> {
    const dist = join(this.#folder, 'dist')
    await buildNode(join(this.#folder, 'server'))
    await cp(fromRoot('index.html'), join(dist, 'index.html'))
    await cp(fromRoot('public/actors'), join(dist, 'actors'), { recursive: true })
    if (this.#isStopped) throw new Error('The development server has ended.')
    const ports = ['--http', '0', '--ws', '0', '--tcp', '0']
    const places = ['--dist', dist, '--data', join(this.#folder, 'data')]
    const pages = ['localhost', '127.0.0.1', '[::1]'].flatMap((host) => ['--allow-origin', `http://${host}:${port}`])
    const child = spawn(process.execPath, [join(this.#folder, 'server/glia.js'), ...ports, ...places, ...pages], {
      // The server ends when its parent is gone if npm has started it.
      env: { ...process.env, npm_lifecycle_event: 'dev' },
    })
    this.#child = child
    return addressOf(child)
  }
}

/** The address that the server prints. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => (said += String(chunk)))
    child.stdout?.on('data', (chunk) => {
      said += String(chunk)
      const url = /^Glia is at (\S+)$/m.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('close', (code) => reject(new Error(`The relay ended with ${code}: ${said}`)))
  })
}
