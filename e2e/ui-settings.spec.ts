import { expect, type Locator, type Page } from '@playwright/test'
import { startRelay } from './mesh.ts'
import { ready, test } from './tab.ts'

/** Address under which tabs reach the relay of a server. */
async function relayAddress(url: string): Promise<string> {
  const known = (await (await fetch(new URL('.well-known/glia.json', url))).json()) as { relays: string[] }
  return known.relays[0] ?? ''
}

async function openSettings(tab: Page): Promise<void> {
  await tab.getByRole('tab', { name: 'Settings' }).click()
}

function relays(tab: Page): Locator {
  return tab.getByLabel('Relays, one multiaddr a line')
}

function iceServers(tab: Page): Locator {
  return tab.getByLabel(/^ICE servers, one a line/)
}

/** The list under one of the fields of what is in use. */
function inUse(tab: Page, title: RegExp): Locator {
  return tab.locator('.in-use').filter({ hasText: title })
}

async function save(tab: Page): Promise<void> {
  await tab.getByRole('button', { name: 'Save' }).click()
}

async function saved(tab: Page): Promise<void> {
  await save(tab)
  await expect(tab.getByText('Saved. In use now, and after a reload.')).toBeVisible()
}

test('a relay is added, is in use at once and after a reload, and is removed again', async ({ tab, server }) => {
  const relay = await startRelay('--allow-origin', new URL(server.url).origin)
  const [own, added] = [await relayAddress(server.url), await relayAddress(relay.url)]
  const used = inUse(tab, /^Relays in use now/).getByRole('listitem')
  const usedAs = (address: string): Locator => used.filter({ hasText: address })
  await openSettings(tab)
  await expect(used).toHaveCount(1)
  await expect(usedAs(own)).toContainText('reserved')
  await relays(tab).fill(` ${added} \n\n`)
  await saved(tab)
  await expect(relays(tab)).toHaveValue(added)
  await expect(usedAs(added)).toContainText(/reserved, room for .* more, renewed in /)
  await tab.reload()
  await ready(tab)
  await openSettings(tab)
  await expect(usedAs(added)).toContainText(/reserved, room for .* more, renewed in /)
  await relays(tab).fill('')
  await saved(tab)
  await expect(used).toHaveCount(1)
  await expect(usedAs(own)).toContainText('reserved')
  await relay.stop()
})

for (const [line, sentence] of [
  ['nonsense', '“nonsense” is not a multiaddr'],
  ['/ip4/127.0.0.1/tcp/4001', 'a browser reaches relays over /ws or /wss only'],
] as const) {
  test(`a relay that cannot be one is refused with a sentence: ${line}`, async ({ tab, server }) => {
    await openSettings(tab)
    const own = await relayAddress(server.url)
    await relays(tab).fill(`${own}\n${line}`)
    await save(tab)
    await expect(relays(tab)).toBeFocused()
    await expect(relays(tab)).toHaveAccessibleDescription(new RegExp(`${sentence}.*ERR_BAD_ADDRESS`))
    await expect(tab.getByRole('alert')).toHaveCount(1)
    // What was typed is still there when one comes back from another view.
    await tab.getByRole('tab', { name: 'Processes' }).click()
    await openSettings(tab)
    await expect(relays(tab)).toHaveValue(`${own}\n${line}`)
    await relays(tab).fill(own)
    await expect(tab.getByRole('alert')).toHaveCount(0)
    await saved(tab)
  })
}

test('ICE servers are checked, used, and shown without their passwords', async ({ tab }) => {
  const used = inUse(tab, /^ICE servers in use/)
  await openSettings(tab)
  await expect(used).toContainText('this machine or a private network')
  await iceServers(tab).fill('stun:stun.example\nturn:turn.example')
  await save(tab)
  await expect(iceServers(tab)).toBeFocused()
  await expect(iceServers(tab)).toHaveAccessibleDescription(
    /“turn:turn\.example” is not like turn:USER:PASSWORD@HOST:PORT/,
  )
  await iceServers(tab).fill('stun:stun.example\nturn:me:one@turn.example\nturn:me:two@turn.example')
  await saved(tab)
  const hidden = 'stun:stun.example\nturn:me:••••@turn.example\nturn:me:••••@turn.example'
  await expect(iceServers(tab)).toHaveValue(hidden)
  await expect(used).toContainText('As set above.')
  await expect(used.getByRole('listitem')).toHaveText(hidden.split('\n'))
  // Of what is only shown in part nothing is lost by saving it.
  await iceServers(tab).fill(`${hidden}\nstun:other.example`)
  await saved(tab)
  await expect(used.getByRole('listitem')).toHaveText([...hidden.split('\n'), 'stun:other.example'])
  expect(await passwords(tab)).toEqual(['one', 'two'])
  await iceServers(tab).fill('turn:you:••••@turn.example')
  await save(tab)
  await expect(iceServers(tab)).toHaveAccessibleDescription(/its password has to be typed again/)
  await iceServers(tab).fill('')
  await saved(tab)
  await expect(used.getByRole('listitem')).toHaveCount(0)
})

/** Those that the browser keeps. */
async function passwords(tab: Page): Promise<string[]> {
  const lines = await tab.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('glia')
        opening.onerror = () => reject(opening.error ?? new Error('no database'))
        opening.onsuccess = () => {
          const reading = opening.result.transaction('settings').objectStore('settings').getAll()
          reading.onsuccess = () => {
            opening.result.close()
            resolve((reading.result as { iceServers?: string[] }[]).flatMap((each) => each.iceServers ?? []))
          }
        }
      }),
  )
  return lines.flatMap((line) => /^turns?:[^:]+:(.+)@/.exec(line)?.[1] ?? [])
}

for (const [allowed, words] of [
  [true, 'The browser keeps what is stored here until you delete it.'],
  [false, 'The browser does not promise to keep what is stored here'],
] as const) {
  test(`the first process asks the browser to keep what is stored, and the answer (${allowed}) is shown`, async ({
    tab,
  }) => {
    if (allowed) {
      const session = await tab.context().newCDPSession(tab)
      const { browserContextId } = (await session.send('Target.getTargetInfo')).targetInfo
      const permissions = ['durableStorage' as const]
      await session.send('Browser.grantPermissions', { permissions, ...(browserContextId && { browserContextId }) })
    }
    await tab.getByRole('tab', { name: 'Settings' }).click()
    const storage = tab.locator('.storage')
    await expect(storage).toContainText('when you start the first process')
    await tab.getByRole('tab', { name: /Processes/ }).click()
    await tab.getByRole('button', { name: 'counter' }).click()
    await expect(tab.getByRole('row', { name: /counter/ })).toBeVisible()
    await tab.getByRole('tab', { name: 'Settings' }).click()
    await expect(storage).toContainText(words)
  })
}
