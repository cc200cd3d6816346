import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { HIDDEN, hidePassword } from '../../mesh/dial/ice-server.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { ErrorLine } from '../kit/error-line.tsx'
import { ChoiceField } from '../kit/form-fields.tsx'
import { AboutPart } from './about-part.tsx'
import { KeepView } from './keep-view.tsx'
import { PolicyPart } from './policy-part.tsx'
import { ICE_WORDS, shownUrls, withPasswords } from './ice-lines.ts'
import { linesOf } from '../kit/lines.ts'
import type { ViewProps } from '../page.ts'
import { BlockedPeers } from '../peers/blocked-peers.tsx'
import { OwnNameForm } from '../peers/name-form.tsx'
import { RelayState } from '../peers/relay-list.tsx'
import { InstallApp } from './install-app.tsx'
import { SettingsState } from './settings-state.ts'
import { setTheme, theme, THEMES } from '../theme.ts'
import { useWait } from '../kit/use-wait.ts'

/** Characters of a line that an error shows. */
const SHOWN_LENGTH = 200

/** What a person can set, and what is in use. */
export function SettingsView({ model, page }: ViewProps) {
  return (
    <>
      <section class="panel" aria-labelledby="people-title">
        <h2 id="people-title">Names, blocked peers, colours</h2>
        <div class="field">
          <OwnNameForm model={model} />
          <BlockedPeers model={model} />
          <ChoiceField label="Colours" words={THEMES} value={theme.value} onEdit={setTheme} />
        </div>
      </section>
      <InstallApp />
      <KeepView model={model} page={page} />
      <PolicyPart />
      <MeshForm model={model} page={page} />
      <AboutPart page={page} />
    </>
  )
}

function MeshForm({ model, page }: Pick<ViewProps, 'model' | 'page'>) {
  const state = page.kept(SettingsState)
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
  const error = attempt.error.value
  /** An error names the wrong line, without its password. */
  const errorOf = (text: string): SettingsError =>
    linesOf(text).some((line) => error?.message.includes(`“${hidePassword(line).slice(0, SHOWN_LENGTH)}`))
      ? error
      : undefined
  const relaysError = errorOf(relaysText)
  const iceError = relaysError ? undefined : errorOf(iceText)
  const form = useRef<HTMLFormElement>(null)
  useLayoutEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [error])
  return (
    <section class="panel settings">
      <h2>Mesh</h2>
      <form
        ref={form}
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
          error={relaysError}
          onText={(text) => edit(state.relays, text)}
        />
        <div class="in-use">
          <span class="label">
            Relays in use now: those above, and those named by a join link, the server of this page or its build
          </span>
          {model.relays.value.length === 0 && <span class="soft">none</span>}
          <ul>
            {model.relays.value.map((relay) => (
              <li key={relay.address}>
                <CopyButton class="id-button" text={relay.address} label={`Copy address ${relay.address}`}>
                  <span class="mono">{relay.address}</span>
                </CopyButton>
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
          error={iceError}
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
        {!relaysError && !iceError && <ErrorLine error={error} />}
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

type SettingsError = SettingsState['attempt']['error']['value']

interface LinesProps {
  label: ComponentChildren
  placeholder: string
  text: string
  /** Why one of the lines cannot be used. */
  error: SettingsError
  onText: (text: string) => void
  /** What a person needs to know to fill the field in. */
  children?: ComponentChildren
}

function Lines({ label, placeholder, text, error, onText, children }: LinesProps) {
  const hintId = useId()
  const errorId = useId()
  return (
    <div>
      <label>
        {label}
        <textarea
          rows={3}
          spellcheck={false}
          autocapitalize="off"
          placeholder={placeholder}
          aria-invalid={error !== undefined}
          aria-describedby={[error && errorId, children && hintId].filter(Boolean).join(' ') || undefined}
          value={text}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      </label>
      <div id={errorId}>
        <ErrorLine error={error} />
      </div>
      {children !== undefined && (
        <p id={hintId} class="label">
          {children}
        </p>
      )}
    </div>
  )
}
