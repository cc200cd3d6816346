// Helpers of tests with native peers.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AppServer, ROOT } from './server.ts'

/** The server's TCP address, with its peer id. */
export async function tcpOf({ url }: AppServer): Promise<string> {
  const { Addrs } = (await (await fetch(new URL('info', url))).json()) as { Addrs: string[] }
  return Addrs.find((address) => /\/tcp\/\d+\/p2p\//.test(address)) ?? ''
}

/** The address of the echo method of the server's root process. */
export async function rootEcho({ url }: AppServer): Promise<string> {
  return `/${await (await fetch(new URL('status', url))).text()}/echo`
}

/** The example client in a language, from the README of the clients. */
export async function readmeExample(language: 'go' | 'js'): Promise<string> {
  const readme = await readFile(join(ROOT, 'src/examples/clients/README.md'), 'utf8')
  const [, code = ''] = readme.split(`\`\`\`${language}\n`)
  return code.slice(0, code.indexOf('\n```') + 1)
}
