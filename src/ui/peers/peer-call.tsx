import { useSignal } from '@preact/signals'
import { useEffect, useId, useMemo, useRef } from 'preact/hooks'
import { PROTOCOL } from '../../glia/address.ts'
import { ConsoleState } from '../console/console-state.ts'
import { CopyAs } from '../console/copy-as.tsx'
import { MessageBox } from '../console/message-box.tsx'
import { encodeMessage } from '../console/message-format.ts'
import { ReplyView } from '../console/reply-view.tsx'
import { RunningCall } from '../console/running-call.ts'
import { TextField } from '../kit/form-fields.tsx'
import { CopyButton } from '../kit/copy-button.tsx'
import { focusWrong } from '../kit/focus-wrong.ts'
import { shortId } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'
import { readTypedKey, type TypedKey } from '../kit/typed-key.ts'
import { SubmitOrCancel } from '../kit/submit-or-cancel.tsx'
import { useWait } from '../kit/use-wait.ts'
import type { TabModel } from '../model.ts'

export interface PeerCallProps {
  model: TabModel
  peerId: string
  /** PID, or `root`. */
  process: string
  /** Name of the process. */
  name: string
  methods: readonly string[]
  /** Whether it has an instance for each key. */
  hasKeys: boolean
  /** Whether the first method is called with an empty message as soon as the console is shown. */
  isCalledAtOnce: boolean
}

/** A console for a process of another peer. Its address is filled in. */
export function PeerCall({ model, peerId, process, name, methods, hasKeys, isCalledAtOnce }: PeerCallProps) {
  const state = useMemo(() => peerConsole(peerId, process, methods), [])
  const { method, key, file, format, text, call } = state
  const form = useRef<HTMLFormElement>(null)
  const input = useRef<HTMLTextAreaElement>(null)
  const options = useId()
  const wrong = useSignal<string | undefined>(undefined)
  const wrongKey = useSignal<string | undefined>(undefined)
  const since = useSignal(0)
  const isRunning = call.value?.view.value.state === 'running'
  const wait = useWait(isRunning ? since.value : undefined)
  // Read when it is used: the typed text may not be rendered yet.
  const address = (): string => {
    const { key: named = key.value } = hasKeys ? readTypedKey(key.value) : { key: '' }
    return `${PROTOCOL}/${peerId}/${process}${named && `:${named}`}/${method.value.trim()}`
  }
  const send = (): void => {
    wrong.value = undefined
    const { fault }: TypedKey = hasKeys ? readTypedKey(key.value) : {}
    wrongKey.value = fault
    if (fault !== undefined) return focusWrong(form.current)
    try {
      const message = file.value ?? encodeMessage(format.value, text.value)
      if (!file.value) state.remember()
      call.value = new RunningCall(model.callPeer(address(), message))
      since.value = Date.now()
    } catch (thrown) {
      wrong.value = thrown instanceof Error ? thrown.message : String(thrown)
      input.current?.focus()
    }
  }
  useEffect(() => {
    // What the person has typed is theirs to send.
    if (isCalledAtOnce && text.peek() === '' && method.peek() === methods[0]) send()
    return () => call.peek()?.cancel()
  }, [])
  return (
    <form
      ref={form}
      class="peer-call"
      aria-label={`${name} of ${peerWords(peerId)}`}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isRunning) send()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || isRunning) return
        event.preventDefault()
        send()
      }}
    >
      <label>
        Method
        <input
          class="input"
          list={options}
          autocapitalize="off"
          autocomplete="off"
          spellcheck={false}
          value={method.value}
          onInput={({ currentTarget }) => (method.value = currentTarget.value)}
        />
      </label>
      <datalist id={options}>
        {methods.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {hasKeys && (
        <TextField
          label="Key"
          placeholder="whose instance is called"
          value={key.value}
          error={wrongKey.value}
          onEdit={(typed) => {
            key.value = typed
            wrongKey.value = undefined
          }}
        />
      )}
      <MessageBox id={`${options}-message`} state={state} inputRef={input} wrong={wrong.value} />
      <p class="soft address">
        <CopyButton class="id-button" label="Copy the address" shown={address()} text={address}>
          <span class="mono">{address()}</span>
        </CopyButton>
      </p>
      <div class="row">
        <SubmitOrCancel label="Call" wait={wait} onCancel={() => call.value?.cancel()} />
        <CopyAs model={model} address={address()} state={state} />
      </div>
      <ReplyView call={call.value} fileName={`${shortId(peerId)}-${name}-${method.value}-reply`} />
    </form>
  )
}

/** What was typed into the console for a process of another peer. */
export function peerConsole(peerId: string, process: string, methods: readonly string[]): ConsoleState {
  return new ConsoleState(`${process} of ${peerId}`, methods)
}
