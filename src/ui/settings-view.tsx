import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { HIDDEN, hidePassword } from '../mesh/ice-server.ts'
import { ErrorLine } from './error-line.tsx'
import { ICE_WORDS, shownUrls, withPasswords } from './ice-lines.ts'
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
  const iceText = state.iceServers.value ?? iceServers.map(hidePassword).join('\n')
  const iceInUse = model.iceServers.value
  const wait = useWait(attempt.since.value)
  const save = async (): Promise<void> => {
    await model.saveSettings({ relays: linesOf(relaysText), iceServers: withPasswords(iceText, iceServers) })
    state.relays.value = undefined
    state.iceServers.value = undefined
    saved.value = true
  }
  const edit = (field: Signal<string | undefined>, text: string): void => {
    field.value = text
    saved.value = false
    attempt.error.value = undefined
  }
  /** An error names the line that is wrong, without its password. */
  const isBad = (text: string): boolean =>
    linesOf(text).some((line) => attempt.error.value?.message.includes(hidePassword(line)))
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
          <span class="label">
            Relays in use now, also those that a join link, the server of this page or its build named
          </span>
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
          label={
            <span>
              ICE servers, one a line: <span class="mono">stun:HOST:PORT</span> or{' '}
              <span class="mono">turn:USER:PASSWORD@HOST:PORT</span>
            </span>
          }
          placeholder={'stun:stun.example:3478\nturn:me:secret@turn.example:3478'}
          text={iceText}
          isBad={isBad(iceText)}
          onText={(text) => edit(state.iceServers, text)}
        >
          A STUN server tells this browser its address outside of its network. A TURN server passes on what cannot go
          directly, for those who have a user name and a password there; a colon or an @ in them is written %3A or %40.
          Passwords are kept in this browser, and shown as {HIDDEN} once they are saved.
        </Lines>
        <div class="in-use">
          <span class="label">ICE servers in use, for connections that are made from now on</span>
          {iceInUse && <span class="soft">{ICE_WORDS[iceInUse.from]}</span>}
          <ul>
            {iceInUse?.servers.flatMap(shownUrls).map((url, i) => (
              <li key={i}>
                <span class="mono" title={url}>
                  {url}
                </span>
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
  /** What one has to know to fill it in. */
  children?: ComponentChildren
}

function Lines({ label, placeholder, text, isBad, onText, children }: LinesProps) {
  const hintId = useId()
  return (
    <div>
      <label>
        {label}
        <textarea
          rows={3}
          spellcheck={false}
          autocapitalize="off"
          placeholder={placeholder}
          aria-invalid={isBad}
          aria-describedby={children === undefined ? undefined : hintId}
          value={text}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      </label>
      {children !== undefined && (
        <p id={hintId} class="label">
          {children}
        </p>
      )}
    </div>
  )
}
