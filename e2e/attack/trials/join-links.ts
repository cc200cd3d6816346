import { setTimeout as pause } from 'node:timers/promises'
import { joined, startRelay, visit } from '../../mesh.ts'
import { peerIdOf } from '../../tab.ts'
import type { Attack } from '../attack.ts'

export const joinLinks: Attack = {
  name: 'join-links',
  trials: [
    {
      what: 'a link with three relays of strangers takes the tab off its own mesh',
      run: async (stage) => {
        const others = await Promise.all([startRelay(), startRelay(), startRelay()])
        for (const other of others) stage.defer(() => other.stop())
        const hosts = await Promise.all(
          others.map(async ({ url, peerId }) => {
            const { Addrs } = (await (await fetch(new URL('info', url))).json()) as { Addrs: string[] }
            const ws = Addrs.find((address) => address.includes('/ws/'))
            return `join=${ws}/p2p-circuit/p2p/${peerId}`
          }),
        )
        const parts = hosts.map((part) => part.replace(/p2p\/[^/]+$/, `p2p/${others[0].peerId}`))
        const page = await visit(stage.browser, `${stage.relay.url}#${parts.join('&')}`)
        const agree = page.getByRole('button', { name: /join/i })
        await pause(2000)
        if (await agree.first().isVisible()) await agree.first().click()
        await joined(page)
        await pause(3000)
        const url = new URL(`/ww/0.1.0/${await peerIdOf(page)}/root/echo`, stage.relay.url)
        const answer = await fetch(url, { method: 'POST', body: 'hello' })
        return answer.status === 200 ? [] : [`its own gateway answers ${answer.status}: ${await answer.text()}`]
      },
    },
  ],
}
