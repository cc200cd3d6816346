import { type Signal, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { PROTOCOL } from '../../glia/address.ts'
import { Combobox } from '../kit/combobox.tsx'
import { TextField } from '../kit/form-fields.tsx'
import { focusWrong } from '../kit/focus-wrong.ts'
import { wordsOf } from '../kit/notices.tsx'
import { readTypedKey } from '../kit/typed-key.ts'
import type { ProcessView, TabModel } from '../model.ts'
import type { ConsoleState } from './console-state.ts'
import { CopyAs } from './copy-as.tsx'
import { emptyNote } from './empty-note.ts'
import { MessageBox } from './message-box.tsx'
import { encodeMessage } from './message-format.ts'
import { Reachable } from './reachable.ts'
import { ReplyView } from './reply-view.tsx'
import { RunningCall } from './running-call.ts'

const SHORTCUT = /Mac|iP(hone|ad)/.test(navigator.platform) ? '⌘ ↵' : 'Ctrl ↵'

/** One for all consoles, since they reach the same processes. */
const reachable = new Reachable()

export interface CallBoxProps {
  model: TabModel
  process: ProcessView
  state: ConsoleState
  /** PID of a process that was just made: its message box gets the cursor. Cleared when that is done. */
  focusPid: Signal<string | undefined>
}

/** Sends a message to a method of a process, or to any other address, and shows the reply. */
export function CallBox({ model, process, state, focusPid }: CallBoxProps) {
  const { pid, host, name, methods, root, hasKeys } = process
  const { method, key, elsewhere, text, file, format, call } = state
  const wrong = useSignal<string | undefined>(undefined)
  const wrongKey = useSignal<string | undefined>(undefined)
  const isRunning = useComputed(() => call.value?.view.value.state === 'running')
  const box = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLTextAreaElement>(null)
  const asking = useMemo(() => new AbortController(), [])
  const isAddressed = useSignal(false)
  useEffect(() => () => asking.abort(), [])
  useLayoutEffect(() => {
    // A new version of the module may lack the chosen method.
    if (!methods.includes(method.value)) method.value = methods[0] ?? ''
  }, [methods])
  useSignalEffect(() => {
    if (focusPid.value !== pid) return
    input.current?.focus()
    focusPid.value = undefined
  })
  useSignalEffect(() => {
    // A peer that connects while the person writes is asked too.
    if (isAddressed.value && model.peers.value) void reachable.ask(model, asking.signal)
  })
  const base = `${PROTOCOL}/${host ?? 'self'}/${pid}`
  const plain = `${base}/`
  const start = hasKeys && key.value !== '' ? `${base}:${key.value}/` : plain
  const address = elsewhere.value ?? start + method.value
  const setAddress = (given: string): void => {
    // The addresses that are offered name no key. The one that was typed stays.
    const begin = [start, plain].find((each) => given.startsWith(each))
    const own = begin === undefined ? '' : given.slice(begin.length)
    if (methods.includes(own)) method.value = own
    elsewhere.value = methods.includes(own) ? undefined : given
  }
  const send = (): void => {
    if (isRunning.value) return
    wrong.value = undefined
    const to = elsewhere.value
    const named = hasKeys && to === undefined ? readTypedKey(key.value) : undefined
    wrongKey.value = named?.fault
    if (named?.fault !== undefined) return focusWrong(box.current)
    const callee = named?.key === undefined ? base : `${base}:${named.key}`
    try {
      const message = file.value ?? encodeMessage(format.value, text.value)
      if (!file.value) state.remember()
      call.value =
        to === undefined
          ? new RunningCall(model.callPeer(`${callee}/${method.value}`, message), emptyNote(root, method.value))
          : new RunningCall(model.callPeer(to.trim(), message))
    } catch (thrown) {
      wrong.value = wordsOf(thrown).message
      input.current?.focus()
    }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    send()
  }
  return (
    <div ref={box} class="field call-box" onKeyDown={onKeyDown}>
      <div class={`target ${hasKeys ? 'keyed' : ''}`}>
        <label>
          Method
          <select
            value={elsewhere.value === undefined ? method.value : ''}
            onChange={({ currentTarget }) => {
              method.value = currentTarget.value
              elsewhere.value = undefined
            }}
          >
            {elsewhere.value !== undefined && <option value="">another address</option>}
            {methods.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        {hasKeys && (
          <TextField
            label="Key"
            placeholder="whose instance is called"
            value={key.value}
            error={wrongKey.value}
            onEdit={(typed) => {
              key.value = typed
              elsewhere.value = undefined
              wrongKey.value = undefined
            }}
          />
        )}
        <div class="address-bar">
          <span class="label" aria-hidden="true">
            Address
          </span>
          <Combobox
            label="Address"
            value={address}
            choices={() => reachable.choices(model)}
            onInput={setAddress}
            onChoose={({ value }) => setAddress(value)}
            onFocus={() => (isAddressed.value = true)}
            onBlur={() => (isAddressed.value = false)}
          />
        </div>
      </div>
      <MessageBox state={state} inputRef={input} wrong={wrong.value} />
      <div class="row">
        {isRunning.value ? (
          <button type="button" class="button" onClick={() => call.value?.cancel()}>
            Cancel
          </button>
        ) : (
          <button type="button" class="button main" onClick={send}>
            Call
          </button>
        )}
        <CopyAs model={model} address={address} state={state} />
        <span class="grow" />
        <span class="soft mono" aria-hidden="true">
          {SHORTCUT}
        </span>
      </div>
      <ReplyView call={call.value} fileName={`${name}-${method.value}-reply`} />
    </div>
  )
}
