import { createServer, request } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { WebSocket as NodeWebSocket } from 'ws'
import { call } from '../../tab.ts'
import type { Attack } from '../attack.ts'
import type { Stage } from '../stage.ts'

/** A page of another site, open in the same browser. */
async function foreignPage(stage: Stage): Promise<Page> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.defer(() => server.close())
  const page = await (await stage.browser.newContext()).newPage()
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return page
}

async function countOf(stage: Stage): Promise<number> {
  const { text } = await call(stage.owner, (await stage.address('count')).replace(stage.peerId, 'self'))
  return Number(text)
}

/** The status of a request that names some host. */
async function statusFor(port: number, host: string, upgrade = false): Promise<number | undefined> {
  const headers = upgrade
    ? {
        host,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      }
    : { host }
  const asked = request({ port, host: '127.0.0.1', path: upgrade ? '/' : '/status', headers }).end()
  return new Promise((resolve) => {
    asked.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve(101)
    })
    asked.on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', () => resolve(undefined))
  })
}

export const foreignPages: Attack = {
  name: 'foreign-pages',
  flags: ['--host', '0.0.0.0'],
  trials: [
    {
      what: 'a page of another site opens the relay’s WebSocket',
      run: async (stage) => {
        const page = await foreignPage(stage)
        const opened = await page.evaluate(
          (port) =>
            new Promise<boolean>((resolve) => {
              const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
              socket.addEventListener('open', () => resolve(true))
              socket.addEventListener('error', () => resolve(false))
            }),
          stage.wsPort,
        )
        return opened ? ['it is open'] : []
      },
    },
    {
      what: 'a program without an Origin joins as before',
      run: async (stage) => {
        const socket = new NodeWebSocket(`ws://127.0.0.1:${stage.wsPort}/`)
        stage.defer(() => socket.close())
        const opened = await Promise.race([
          once(socket, 'open').then(() => true),
          once(socket, 'error').then(() => false),
        ])
        return opened ? [] : ['it is refused']
      },
    },
    {
      what: 'a page of another site reads glia.json, the status and the peers',
      run: async (stage) => {
        const page = await foreignPage(stage)
        const read = await page.evaluate(async (url) => {
          const paths = ['.well-known/glia.json', 'status', 'info', 'root', 'metrics']
          const answers = await Promise.all(
            paths.map(async (path) => {
              const text = await fetch(new URL(path, url)).then(
                (response) => response.text(),
                () => undefined,
              )
              return text === undefined ? [] : [path]
            }),
          )
          return answers.flat()
        }, stage.relay.url)
        return read.map((path) => `it reads ${path}`)
      },
    },
    {
      what: 'a page of another site posts to an actor',
      run: async (stage) => {
        const before = await countOf(stage)
        const page = await foreignPage(stage)
        await page.evaluate(
          async (url) => {
            await fetch(url, { method: 'POST', mode: 'no-cors', body: 'x' }).catch(() => undefined)
            await fetch(url, {
              method: 'POST',
              mode: 'no-cors',
              headers: { 'content-type': 'text/plain' },
              body: 'x',
            }).catch(() => undefined)
            navigator.sendBeacon(url, 'x')
          },
          new URL(await stage.address('count'), stage.relay.url).href,
        )
        const after = await countOf(stage)
        return after === before + 1 ? [] : [`the actor was called ${after - before - 1} times`]
      },
    },
    {
      what: 'a name that is not announced leads to this server (DNS rebinding)',
      run: async (stage) => {
        const wrong: string[] = []
        for (const host of ['evil.test', 'evil.test:80', 'localhost.evil.test', '127.0.0.1.evil.test']) {
          for (const [door, port, upgrade] of [
            ['HTTP', stage.httpPort, false],
            ['WebSocket', stage.wsPort, true],
          ] as const) {
            // oxlint-disable-next-line no-await-in-loop -- a few
            const status = await statusFor(port, host, upgrade)
            if (status === 200 || status === 101) wrong.push(`the ${door} door answers to ${host}`)
          }
        }
        for (const host of ['localhost', '127.0.0.1', '192.0.2.7']) {
          // oxlint-disable-next-line no-await-in-loop -- a few
          if ((await statusFor(stage.httpPort, host)) !== 200) wrong.push(`the HTTP door does not answer to ${host}`)
        }
        return wrong
      },
    },
  ],
}
