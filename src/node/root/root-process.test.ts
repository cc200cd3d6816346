import { afterAll, beforeAll, expect, test } from 'vitest'
import { SILENT } from '../../glia/log.ts'
import { compileAssemblyScript } from '../../build/assemblyscript.ts'
import { fromRoot } from '../../build/paths.ts'
import { newPid } from '../../glia/pid.ts'
import type { Proc } from '../../glia/process/proc.ts'
import { Router } from '../../glia/router.ts'
import { SELF } from '../../glia/test-peer.ts'
import { readAll } from '../../glia/stream/web-streams.ts'
import { createRoot } from './root-process.ts'
import { builtActorWorker } from '../test-worker.ts'
import { threadWorker } from './thread-worker.ts'

const pid = newPid()
let worker: Awaited<ReturnType<typeof builtActorWorker>>
let root: Proc
let router: Router

beforeAll(async () => {
  worker = await builtActorWorker()
  const module = new Uint8Array(await compileAssemblyScript(fromRoot('src/examples/root.ts')))
  root = await createRoot({ pid, peerId: SELF, module, workerScript: worker.script, log: SILENT })
  const env = { log: () => SILENT, localHost: () => ({ peerId: SELF, addrs: () => [] }) }
  router = new Router({
    env: { ...env, routing: () => Promise.reject(new Error('none')) as never },
    procs: { get: (asked) => (asked === pid ? root : undefined), rootPid: pid },
    openRemote: () => Promise.reject(new Error('none')),
  })
})

afterAll(async () => {
  root.kill()
  await worker.remove()
})

async function call(method: string, message: Uint8Array): Promise<Uint8Array> {
  const stream = router.open({ host: SELF, proc: pid, method }, { caller: SELF })
  const send = async (): Promise<void> => {
    await stream.write(message)
    await stream.closeWrite()
  }
  const [reply] = await Promise.all([readAll(stream), send()])
  return reply
}

test('the root process starts with its first message, in a thread, and streams', async () => {
  expect(root.state).toBe('cold')
  const message = crypto.getRandomValues(new Uint8Array(60_000))
  const bulk = new Uint8Array(3_000_000).map((_byte, index) => message[index % 60_000] ?? 0)
  expect(Buffer.compare(await call('echo', bulk), bulk)).toBe(0)
  expect(root.state).toBe('idle')
})

test('seventy callers with unfinished messages keep nobody else from it', async () => {
  const slow = Array.from({ length: 70 }, (_, i) => {
    const context = { chain: [], onBehalfOf: [], deadlineAt: undefined, client: `slow ${i}` }
    return router.open({ host: SELF, proc: pid, method: 'echo' }, { caller: SELF, context })
  })
  await Promise.all(slow.map((stream) => stream.write(new Uint8Array(1))))
  const message = new TextEncoder().encode('small')
  for (let i = 0; i < 3; i++) expect(await call('echo', message)).toEqual(message)
  // The method that waited for the first of them has kept its thread.
  expect(root.death).toBeUndefined()
  for (const stream of slow) stream.abort(new Error('enough'))
})

test('it knows its PID and peer, and nothing of this process', async () => {
  expect(new TextDecoder().decode(await call('about', new Uint8Array()))).toBe(
    `arg root\nenv WW_PID=${pid}\nenv WW_PEER=${SELF}\n`,
  )
})

test('a thread that ends by itself is an error of its worker; one that is ended is not', async () => {
  const bad = threadWorker(new URL('data:text/javascript,process.exit(3)'))
  const message = await new Promise((resolve) => {
    bad.onerror = (event) => resolve(event.message)
  })
  expect(message).toBe('its thread ended with code 3')
})

test('a script that is not there is said to be', async () => {
  const gone = await createRoot({
    pid,
    peerId: SELF,
    module: new Uint8Array(await compileAssemblyScript(fromRoot('src/examples/root.ts'))),
    workerScript: new URL('none.js', worker.script),
    log: SILENT,
  })
  await expect(gone.warmUp()).rejects.toMatchObject({
    code: 'ERR_START',
    message: expect.stringContaining('none.js') as unknown,
  })
})
