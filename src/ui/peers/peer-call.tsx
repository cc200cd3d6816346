import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { PROTOCOL } from '../../glia/address.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { shortId } from '../kit/format.ts'
import type { TabModel } from '../model.ts'
import { ReplyView } from '../console/reply-view.tsx'
import { RunningCall } from '../console/running-call.ts'
import { useWait } from '../kit/use-wait.ts'

export interface PeerCallProps {
  model: TabModel
  peerId: string
  /** PID, or `root`. */
  process: string
  /** Name of the process. */
  name: string
  /** The method that is filled in; the person may type another. */
  method: string
  methods: readonly string[]
  /** Whether the method is called with an empty message as soon as the console is shown. */
  isCalledAtOnce: boolean
}

/** A console for a process of another peer. Its address is filled in. */
export function PeerCall(props: PeerCallProps) {
  const { model, peerId, process, name, methods, isCalledAtOnce } = props
  const method = useSignal(props.method)
  const text = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  const options = useId()
  const call = useSignal<{ running: RunningCall; since: number } | undefined>(undefined)
  const isRunning = call.value?.running.view.value.state === 'running'
  const wait = useWait(isRunning ? call.value?.since : undefined)
  // Read when it is used: the typed text may not be rendered yet.
  const address = (): string => `${PROTOCOL}/${peerId}/${process}/${method.value.trim()}`
  const send = (): void => {
    const handle = model.callPeer(address(), new TextEncoder().encode(text.value))
    call.value = { running: new RunningCall(handle), since: Date.now() }
  }
  useEffect(() => {
    if (isCalledAtOnce) send()
    else input.current?.focus()
    return () => call.peek()?.running.cancel()
  }, [])
  return (
    <form
      class="peer-call"
      aria-label={`${name} of ${shortId(peerId)}`}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isRunning) send()
      }}
    >
      <div class="row">
        <label>
          Method
          <input
            class="input"
            size={10}
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
        <label class="grow">
          Message
          <input
            ref={input}
            class="input"
            autocapitalize="off"
            autocomplete="off"
            spellcheck={false}
            value={text.value}
            onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          />
        </label>
        {/* With one shared element, the click on Cancel would reach a submit button. The keys prevent that. */}
        {wait === 'long' ? (
          <button key="cancel" type="button" class="button" onClick={() => call.value?.running.cancel()}>
            Cancel
          </button>
        ) : (
          <button key="call" type="submit" class="button main">
            Call
          </button>
        )}
      </div>
      <p class="soft address">
        <CopyButton class="id-button" label="Copy the address" shown={address()} text={address}>
          <span class="mono">{address()}</span>
        </CopyButton>
      </p>
      <ReplyView call={call.value?.running} fileName={`${shortId(peerId)}-${name}-${method.value}-reply`} />
    </form>
  )
}
