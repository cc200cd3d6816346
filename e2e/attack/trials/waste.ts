import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'node:http'
import { ROOT } from '../../server.ts'
import { trySpawn } from '../../tab.ts'
import { guest } from '../../guests/guests.ts'
import type { Attack } from '../attack.ts'
import type { Stage } from '../stage.ts'

async function bodyOf(stage: Stage, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // fetch would resolve the dots itself.
    const asked = request({ port: stage.httpPort, host: '127.0.0.1', path }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => (text += String(part)))
      response.on('end', () => resolve(`${response.statusCode} ${text}`))
    })
    asked.on('error', reject)
    asked.end()
  })
}

export const waste: Attack = {
  name: 'waste',
  trials: [
    {
      what: 'files outside of the app are asked for',
      run: async (stage) => {
        const secret = join(tmpdir(), `glia-secret-${process.pid}`)
        const inside = join(ROOT, 'dist')
        await writeFile(secret, 'SECRET')
        await writeFile(join(inside, '.env'), 'SECRET')
        await mkdir(join(inside, '.git'), { recursive: true })
        await writeFile(join(inside, '.git/config'), 'SECRET')
        await symlink(secret, join(inside, 'out.txt')).catch(() => undefined) // it is there from a run before
        stage.defer(async () => {
          for (const path of [secret, join(inside, '.env'), join(inside, '.git'), join(inside, 'out.txt')]) {
            // oxlint-disable-next-line no-await-in-loop -- a few
            await rm(path, { recursive: true, force: true })
          }
        })
        const wrong: string[] = []
        for (const path of [
          '/.env',
          '/.git/config',
          '/out.txt',
          '/../package.json',
          '/%2e%2e/package.json',
          '/..%2fpackage.json',
          '//etc/passwd',
        ]) {
          // oxlint-disable-next-line no-await-in-loop -- a few
          const text = await bodyOf(stage, path)
          if (text.includes('SECRET') || text.includes('"scripts"') || text.includes('root:x'))
            wrong.push(`${path} is served`)
        }
        return wrong
      },
    },
    {
      what: 'metrics are read through a proxy that sends no X-Forwarded-For',
      run: async (stage) => {
        const asked = await fetch(new URL('metrics', stage.relay.url), {
          headers: { via: '1.1 proxy', 'x-forwarded-host': 'relay.example.org' },
        })
        await asked.text()
        return asked.status === 200 ? ['they are told'] : []
      },
    },
    {
      what: 'files with names that lead elsewhere are given to a process',
      run: async ({ owner }) => {
        const wrong: string[] = []
        const module = await guest('files')
        for (const name of ['a/../../b', '../b', `${'a/'.repeat(1000)}b`, 'a\0b', '/etc/../../b']) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          const { code } = await trySpawn(owner, module, { files: { [name]: 'x' } })
          if (code === undefined) wrong.push(`${JSON.stringify(name.slice(0, 20))} is accepted`)
        }
        return wrong
      },
    },
  ],
}
