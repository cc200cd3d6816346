import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { shortId } from './format.ts'
import { Icon } from './icons.tsx'
import type { TabModel } from './model.ts'
import { ReplyView } from './reply-view.tsx'
import { RunningCall } from './running-call.ts'
import { useWait } from './use-wait.ts'

/** The method that every root has, and that needs no message: it tells what the process was started with. */
const FIRST_METHOD = 'about'

export interface RootCallProps {
  model: TabModel
  peerId: string
  onClose: () => void
}

/** Calls the root process of another peer, at once when it is shown, and again as often as one likes. */
export function RootCall({ model, peerId, onClose }: RootCallProps) {
  const method = useSignal(FIRST_METHOD)
  const text = useSignal('')
  const call = useSignal<{ running: RunningCall; since: number } | undefined>(undefined)
  const isRunning = call.value?.running.view.value.state === 'running'
  const wait = useWait(isRunning ? call.value?.since : undefined)
  const send = (): void => {
    const message = new TextEncoder().encode(text.value)
    call.value = { running: new RunningCall(model.callRoot(peerId, method.value.trim(), message)), since: Date.now() }
  }
  useEffect(() => {
    send()
    return () => call.peek()?.running.cancel()
  }, [])
  return (
    <form
      class="root-call"
      aria-label={`Root of ${shortId(peerId)}`}
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
            autocapitalize="off"
            autocomplete="off"
            spellcheck={false}
            value={method.value}
            onInput={({ currentTarget }) => (method.value = currentTarget.value)}
          />
        </label>
        <label class="grow">
          Message
          <input
            class="input"
            autocapitalize="off"
            autocomplete="off"
            spellcheck={false}
            value={text.value}
            onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          />
        </label>
        {/* Keys: were it one element, it would be a submit button by the time the click on Cancel takes effect. */}
        {wait === 'long' ? (
          <button key="cancel" type="button" class="button" onClick={() => call.value?.running.cancel()}>
            Cancel
          </button>
        ) : (
          <button key="call" type="submit" class="button main">
            Call
          </button>
        )}
        <button type="button" class="icon-button" aria-label="Close the call" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <ReplyView call={call.value?.running} fileName={`${shortId(peerId)}-root-${method.value}-reply`} />
    </form>
  )
}
