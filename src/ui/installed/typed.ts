import { effect } from '@preact/signals'
import type { MessageFormat } from '../console/message-format.ts'
import type { TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { PeersState } from '../peers/peers-state.ts'
import { SettingsState } from '../settings/settings-state.ts'

const KEY = 'glia.typed'

/** What a person has typed and not sent, and what they had chosen. */
interface Typed {
  selected?: string | undefined
  consoles: Record<string, { method: string; elsewhere?: string | undefined; text: string; format: MessageFormat }>
  settings: { relays?: string | undefined; iceServers?: string | undefined }
  peers: string
}

/**
 * Keeps what was typed over a reload that the page makes.
 * @throws {DOMException} if it is too much for the browser
 */
export function keepTyped(model: TabModel, page: Page): void {
  const { relays, iceServers } = page.kept(SettingsState)
  const typed: Typed = {
    selected: page.selected.peek(),
    consoles: Object.fromEntries(
      model.processes.peek().map((process) => {
        const { method, elsewhere, text, format } = page.consoleOf(process)
        const [to, other] = [method.peek(), elsewhere.peek()]
        return [process.pid, { method: to, elsewhere: other, text: text.peek(), format: format.peek() }]
      }),
    ),
    settings: { relays: relays.peek(), iceServers: iceServers.peek() },
    peers: page.kept(PeersState).text.peek(),
  }
  sessionStorage.setItem(KEY, JSON.stringify(typed))
}

/** Puts what {@link keepTyped} has kept into its places. Processes appear one after the other. */
export function restoreTyped(model: TabModel, page: Page): void {
  const kept = sessionStorage.getItem(KEY)
  if (kept === null) return
  sessionStorage.removeItem(KEY)
  // This page wrote it.
  const { selected, consoles, settings, peers } = JSON.parse(kept) as Typed
  const state = page.kept(SettingsState)
  state.relays.value ??= settings.relays
  state.iceServers.value ??= settings.iceServers
  const { text } = page.kept(PeersState)
  text.value ||= peers
  effect(() => {
    for (const process of model.processes.value) {
      const typed = consoles[process.pid]
      if (!typed) continue
      delete consoles[process.pid]
      const box = page.consoleOf(process)
      // The person may type again already.
      if (box.text.peek() === '') {
        box.text.value = typed.text
        box.format.value = typed.format
        box.elsewhere.value = typed.elsewhere
        if (process.methods.includes(typed.method)) box.method.value = typed.method
      }
      if (process.pid === selected) page.choose(selected)
    }
  })
}
