import { call, devtools, local, send, spawn, stopServiceWorker, test } from './tab.ts'

test('spike streams', async ({ tab }) => {
  console.log('t0', performance.now())
  const pid = await spawn(tab, 'duplex')
  console.log('spawned', performance.now())
  tab.on('console', (m) => console.log('page', m.text()))
  tab.context().serviceWorkers()[0]?.on('console', (m) => console.log('sw', m.text()))
  const r = await tab.evaluate(async (path) => {
    const out: unknown[] = []
    const t = performance.now()
    try {
      let ctl!: ReadableStreamDefaultController<Uint8Array>
      const body = new ReadableStream<Uint8Array>({ start: (c) => void (ctl = c) })
      const head = fetch(path, { method: 'POST', body, duplex: 'half' } as RequestInit)
      ctl.enqueue(new Uint8Array(5))
      const res = await Promise.race([head, new Promise<undefined>((r) => setTimeout(() => r(undefined), 3000))])
      if (!res) return 'no head before the end'
      out.push(res.status, performance.now() - t)
      const rd = res.body!.getReader()
      const dec = new TextDecoder()
      out.push(dec.decode((await rd.read()).value), performance.now() - t)
      out.push(dec.decode((await rd.read()).value), performance.now() - t)
      ctl.enqueue(new Uint8Array(7))
      out.push(dec.decode((await rd.read()).value), performance.now() - t)
      ctl.close()
      out.push((await rd.read()).done)
    } catch (e) { out.push(String(e), performance.now() - t) }
    return JSON.stringify(out)
  }, local(pid, 'prompt'))
  console.log(r)
})
test('spike stop', async ({ tab }) => {
  console.log('t0', performance.now())
  const pid = await spawn(tab, 'trouble')
  console.log('spawned', performance.now())
  const s = await devtools(tab)
  s.on('ServiceWorker.workerVersionUpdated', ({versions}) => console.log('ver', performance.now(), versions.map((v) => v.runningStatus + v.status)))
  await s.send('ServiceWorker.enable')
  for (let i = 0; i < 3; i++) {
    console.log('http', (await send(tab, local(pid, 'count'))).text, performance.now())
    await stopServiceWorker(tab)
    console.log('stopped', performance.now())
    console.log('local', (await call(tab, local(pid, 'count'))).text, performance.now())
  }
})
