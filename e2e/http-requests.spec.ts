import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, type Page } from '@playwright/test'
import { call, local, type Outcome, spawn, test } from './tab.ts'

/** A web server of another origin, and what it was asked. */
interface Other {
  origin: string
  place: string
  asked: IncomingMessage[]
}

const withOther = test.extend<{ other: Other }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures a fixture needs from this pattern
  other: async ({}, use) => {
    const asked: IncomingMessage[] = []
    const server = createServer((request, reply) => {
      asked.push(request)
      const { pathname } = new URL(request.url ?? '', 'http://x')
      // The browser asks first before it sends such a request.
      if (pathname !== '/closed') {
        reply.setHeader('access-control-allow-origin', '*')
        reply.setHeader('access-control-allow-methods', 'PUT')
        reply.setHeader('access-control-allow-headers', 'x-key')
        reply.setHeader('access-control-expose-headers', 'x-kind')
      }
      if (pathname === '/away') reply.setHeader('location', '/')
      const status = pathname === '/away' ? 302 : pathname === '/none' && request.method !== 'OPTIONS' ? 404 : 200
      reply.writeHead(status, {
        'x-kind': 'test',
        'set-cookie': 'a=b',
      })
      request.pipe(reply)
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await use({ origin: `http://127.0.0.1:${port}`, place: `http/127.0.0.1:${port}`, asked })
    server.closeAllConnections()
    await new Promise((resolve) => void server.close(resolve))
  },
})

function ask(page: Page, pid: string, path: string, body?: string): Promise<Outcome> {
  return call(page, local(pid, 'ask'), `http/${path}${body === undefined ? '' : `\n${body}`}`)
}

function logOf(page: Page, pid: string): Promise<string> {
  return page.evaluate(
    (id) =>
      glia
        .log(id)
        .map(({ text }) => text)
        .join('\n'),
    pid,
  )
}

withOther(
  'an actor in a tab asks the web servers that its policy lists, as the browser lets it',
  async ({ tab, other }) => {
    const pid = await spawn(tab, 'ask', { policy: { http: [other.origin] } })
    expect(await ask(tab, pid, `POST/${other.place}/`, 'hello')).toEqual({ text: 'hello' })
    const told = other.asked.at(-1)?.headers
    expect(told).not.toHaveProperty('cookie')
    expect(told).not.toHaveProperty('referer')
    const full = await ask(tab, pid, `full/PUT/${other.place}/none`, 'x-key: 1\n\nhello')
    expect(full.text).toMatch(/^HTTP\/1\.1 404 .*\r\nx-kind: test\r\n\r\nhello$/s)
    expect(other.asked.at(-1)?.headers).toMatchObject({ 'x-key': '1' })
    expect(await ask(tab, pid, `GET/${other.place}/none`)).toEqual({ text: 'errno 44' })
    expect(await ask(tab, pid, `GET/${other.place}/closed`)).toEqual({ text: 'errno 23' })
    expect(await logOf(tab, pid)).toContain('may not allow requests from other origins such as')
    expect(await ask(tab, pid, `GET/${other.place}/away`)).toEqual({ text: 'errno 23' })
    expect(await logOf(tab, pid)).toContain('answered with a redirect')
  },
)

withOther('an actor in a tab reaches nothing that is not listed, and not the page itself', async ({ tab, other }) => {
  const origin = new URL(tab.url()).origin
  const pid = await spawn(tab, 'ask', { policy: { http: [origin] } })
  expect(await ask(tab, pid, `GET/${other.place}/`)).toEqual({ text: 'errno 2' })
  expect(other.asked).toEqual([])
  // Through the service worker this would be a call of the page.
  const own = await ask(tab, pid, `POST/${origin.replace('://', '/')}/ww/0.1.0/self/root/echo`, 'hello')
  expect(own).toEqual({ text: 'errno 2' })
  expect(await logOf(tab, pid)).toContain('is this page itself')
})
