import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { CHROMIUM_FLAGS, findChromium } from '../browser.ts'
import { startServer } from '../server.ts'
import { installTools, openTab, spawnBytes } from '../tab.ts'
import { keepers, METHOD, POLICY } from './actors.ts'
import type { Prey } from './kills.ts'

/** A browser with a tab, in which an actor in each language lives. All processes of the browser are killed at once. */
export async function tabPrey(): Promise<Prey> {
  const server = await startServer()
  const folder = await mkdtemp(join(tmpdir(), 'glia-kills-'))
  const open = async (): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: findChromium(),
      args: CHROMIUM_FLAGS,
    })
    await context.addInitScript(installTools)
    return { context, page: await openTab(await context.newPage(), server.url) }
  }
  let browser = await open()
  const pids = new Map<string, string>()
  for (const [name, module] of await keepers())
    pids.set(name, await spawnBytes(browser.page, module, { name, policy: POLICY }))
  return {
    names: [...pids.keys()],
    call: (name, message) =>
      browser.page.evaluate(
        async ([pid, method, text]) => {
          const reply = await globalThis.glia.call(`/ww/0.1.0/self/${pid}/${method}`, text)
          return new TextDecoder().decode(reply)
        },
        [pids.get(name), METHOD, message] as const,
      ),
    kill: async () => {
      const closed = new Promise((resolve) => browser.context.once('close', resolve))
      for (const pid of await processesOf(folder)) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch (thrown) {
          // It ended with its parent.
          if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
        }
      }
      await closed
    },
    restart: async () => void (browser = await open()),
    stop: async () => {
      await browser.context.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Ids of the processes of the browser with this profile. */
async function processesOf(folder: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // oxlint-disable-next-line no-await-in-loop -- they are read at once from memory
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(`--user-data-dir=${folder}`)) found.push(Number(name))
  }
  return found
}
