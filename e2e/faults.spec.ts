import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { finished, ROOT } from './server.ts'

test('npm run faults ends with a code, and leaves no relay behind, when its world does not start', async () => {
  // Data folders of its relays are in here, so they can be told from others.
  const folder = await mkdtemp(join(tmpdir(), 'glia-faults-'))
  const args = ['e2e/main.mjs', 'faults', '1', '0', '1', 'fetch own tab none']
  // It has no browser, so it ends at once.
  const env = { ...process.env, TMPDIR: folder, CHROMIUM_PATH: process.execPath }
  const { code, stdout } = await finished(spawn(process.execPath, args, { cwd: ROOT, env }))
  expect(code).toBe(1)
  expect(stdout).toContain('own tab, none: ')
  expect(stdout).toMatch(/^FAILED$/m)
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(folder)
  await rm(folder, { recursive: true })
})

test('npm run faults says which cells there are when none has the name', async () => {
  const args = ['e2e/main.mjs', 'faults', '1', '0', '1', 'nosuch']
  const { code, stderr } = await finished(spawn(process.execPath, args, { cwd: ROOT }))
  expect(code).toBe(1)
  expect(stderr).toContain('No cell has “nosuch” in its name. Ways: glia.call, ')
})
