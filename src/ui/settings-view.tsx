import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { ErrorLine } from './error-line.tsx'
import { linesOf } from './lines.ts'
import type { TabModel } from './model.ts'
import { RelayState } from './relay-list.tsx'
import type { SettingsState } from './settings-state.ts'
import { useWait } from './use-wait.ts'

/** What can be set by hand, and what is in use. */
export function SettingsView({ model, state }: { model: TabModel; state: SettingsState }) {
  const { attempt, saved } = state
  const { relays, iceServers } = model.settings.value
  const relaysText = state.relays.value ?? relays.join('\n')
  const iceText = state.iceServers.value ?? iceServers.join('\n')
  const wait = useWait(attempt.since.value)
  const save = async (): Promise<void> => {
    await model.saveSettings({ relays: linesOf(relaysText), iceServers: linesOf(iceText) })
    state.relays.value = undefined
    state.iceServers.value = undefined
    saved.value = true
  }
  const edit = (field: Signal<string | undefined>, text: string): void => {
    field.value = text
    saved.value = false
    attempt.error.value = undefined
  }
  /** An error names the line that is wrong. */
  const isBad = (text: string): boolean => linesOf(text).some((line) => attempt.error.value?.message.includes(line))
  return (
    <section class="panel settings">
      <h2>Settings</h2>
      <form
        class="field"
        onSubmit={(event) => {
          event.preventDefault()
          saved.value = false
          void attempt.run(save)
        }}
      >
        <Lines
          label="Relays, one multiaddr a line"
          placeholder="/dns4/relay.example/tcp/443/wss/p2p/12D3…"
          text={relaysText}
          isBad={isBad(relaysText)}
          onText={(text) => edit(state.relays, text)}
        />
        <div class="in-use">
          <span class="label">Relays in use now, also those that a join link or the server of this page named</span>
          {model.relays.value.length === 0 && <span class="soft">none</span>}
          <ul>
            {model.relays.value.map((relay) => (
              <li key={relay.address}>
                <span class="mono" title={relay.address}>
                  {relay.address}
                </span>
                <RelayState relay={relay} />
              </li>
            ))}
          </ul>
        </div>
        <Lines
          label="ICE servers, one URL a line, stun: or turn:"
          placeholder="stun:stun.example:3478"
          text={iceText}
          isBad={isBad(iceText)}
          onText={(text) => edit(state.iceServers, text)}
        />
        <div class="in-use">
          <span class="label">ICE servers in use now, for connections that are made from now on</span>
          {iceServers.length === 0 && <span class="soft">none set by hand</span>}
          <ul>
            {iceServers.map((url) => (
              <li key={url} class="mono">
                {url}
              </li>
            ))}
          </ul>
        </div>
        <ErrorLine error={attempt.error.value} />
        <div class="row">
          <button type="submit" class="button main">
            {wait === 'short' ? 'Save' : 'Saving…'}
          </button>
          <span role="status">{saved.value && 'Saved. In use now, and after a reload.'}</span>
        </div>
      </form>
    </section>
  )
}

interface LinesProps {
  label: ComponentChildren
  placeholder: string
  text: string
  isBad: boolean
  onText: (text: string) => void
}

function Lines({ label, placeholder, text, isBad, onText }: LinesProps) {
  return (
    <label>
      {label}
      <textarea
        rows={3}
        spellcheck={false}
        autocapitalize="off"
        placeholder={placeholder}
        aria-invalid={isBad}
        value={text}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
    </label>
  )
}
