import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { joined, visit } from '../../mesh.ts'
import { ROOT } from '../../server.ts'
import { call, spawn, spawnBytes } from '../../tab.ts'
import type { Attack } from '../attack.ts'
import type { Stage } from '../stage.ts'

/** PIDs of the owner's processes, root left out: that one everybody may know. */
async function secretPids({ owner }: Stage): Promise<string[]> {
  return owner.evaluate(() =>
    glia
      .procs()
      .map(({ pid }) => pid)
      .slice(1),
  )
}

function leaks(where: string, text: string, pids: readonly string[]): string[] {
  return pids.filter((pid) => text.includes(pid)).map(() => `${where} tells a PID`)
}

export const authority: Attack = {
  name: 'authority',
  trials: [
    {
      what: 'PIDs are looked for in all that is said to anybody',
      run: async (stage) => {
        const { relay, browser, peerId } = stage
        const pids = await secretPids(stage)
        const wrong: string[] = []
        for (const path of ['status', 'info', 'root', 'version', 'metrics', '.well-known/glia.json']) {
          // oxlint-disable-next-line no-await-in-loop -- a few
          wrong.push(...leaks(path, await (await fetch(new URL(path, relay.url))).text(), pids))
        }
        const other = await visit(browser, relay.url)
        await joined(other)
        await call(other, `/ww/0.1.0/${peerId}/root/echo`, 'hello')
        wrong.push(...leaks('a peer', JSON.stringify(await other.evaluate(() => glia.peers())), pids))
        const listed = await spawn(other, 'ask', { policy: { call: true } })
        wrong.push(
          ...leaks(
            'a listing',
            JSON.stringify(await call(other, `/ww/0.1.0/self/${listed}/list`, `/ww/0.1.0/${peerId}`)),
            pids,
          ),
        )
        const refused = await call(other, `/ww/0.1.0/${peerId}/${'1'.repeat(20)}/echo`, '')
        wrong.push(...leaks('a refusal', JSON.stringify(refused), pids))
        return wrong
      },
    },
    {
      what: 'a stranger calls what is for this browser only',
      run: async (stage) => {
        const own = await spawn(stage.owner, 'trouble', { policy: { callers: 'browser' } })
        const said = await (
          await stage.stranger()
        )
          .call(`/ww/0.1.0/${stage.peerId}/${own}/slurp`, 'x', AbortSignal.timeout(10_000))
          .catch(() => 'refused')
        return said === 'refused' ? [] : [`it was answered: ${said}`]
      },
    },
    {
      what: 'a stranger has the bundled relay call what is for this browser only',
      run: async (stage) => {
        const { owner, peerId } = stage
        const own = await spawn(owner, 'trouble', { policy: { callers: 'browser' } })
        const relay = await owner.evaluate(async () => {
          const bytes = await (await fetch('actors/relay.wasm')).arrayBuffer()
          return glia.spawn(new Uint8Array(bytes), { name: 'relay', policy: { call: 'caller' } })
        })
        const target = `/ww/0.1.0/self/${own}/slurp`
        const said = await (
          await stage.stranger()
        )
          .call(`/ww/0.1.0/${peerId}/${relay}/relay`, `${target} ${target}\nhello`, AbortSignal.timeout(10_000))
          .catch(() => 'refused')
        return said === 'refused' ? [] : [`it was answered: ${said}`]
      },
    },
    {
      what: 'a caller is told what the caller before it has sent (bundled relay)',
      run: async ({ owner }) => {
        const pid = await spawnBytes(owner, new Uint8Array(await readFile(join(ROOT, 'dist/actors/relay.wasm'))), {
          policy: { call: true },
        })
        const address = `/ww/0.1.0/self/${pid}/relay`
        const secret = `/ww/0.1.0/self/${'2'.repeat(27)}/secret`
        await call(owner, address, `${secret} ${secret}\n`)
        const { message = '' } = await call(owner, address, '/ww /w\n')
        const log = await owner.evaluate((id) => JSON.stringify(glia.log(id)), pid)
        const after = log.slice(log.lastIndexOf('/w'))
        return [message, after].some((text) => text.includes('secret')) ? ['bytes of the caller before are told'] : []
      },
    },
  ],
}
