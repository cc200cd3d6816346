import { useSignal } from '@preact/signals'
import { useEffect, useId, useMemo, useRef } from 'preact/hooks'
import { PROTOCOL } from '../../glia/address.ts'
import type { ToldProcess } from '../../glia/told-process.ts'
import { ReplyView } from '../console/reply-view.tsx'
import { RunningCall } from '../console/running-call.ts'
import { TextField } from '../kit/form-fields.tsx'
import { typed } from '../kit/typed.ts'
import { focusWrong } from '../kit/focus-wrong.ts'
import { readTypedKey, type TypedKey } from '../kit/typed-key.ts'
import { SubmitOrCancel } from '../kit/submit-or-cancel.tsx'
import { useWait } from '../kit/use-wait.ts'
import type { TabModel } from '../model.ts'

export interface LinkCallProps {
  model: TabModel
  peer: string
  pid: string
  told: Pick<ToldProcess, 'name' | 'methods'>
  /** Whether the process has an instance for each key. */
  hasKeys: boolean
  /** The key that the link names. */
  fixedKey: string | undefined
  /** The method that the link names. */
  method: string | undefined
}

/** One box and one button, and the reply. */
export function LinkCall({ model, peer, pid, told, hasKeys, fixedKey, method: given }: LinkCallProps) {
  const { name, methods } = told
  const isGone = given !== undefined && !methods.includes(given)
  const first = isGone || given === undefined ? (methods[0] ?? '') : given
  const method = useMemo(() => typed.of(`method of the link to ${pid}`, first), [pid])
  const key = useMemo(() => typed.of(`key for the link to ${pid}`, ''), [pid])
  const wrongKey = useSignal<string | undefined>(undefined)
  const form = useRef<HTMLFormElement>(null)
  const asksForKey = hasKeys && fixedKey === undefined
  const text = useMemo(() => typed.of(`message to the link to ${pid}`, ''), [pid])
  const box = useId()
  const call = useSignal<{ running: RunningCall; since: number } | undefined>(undefined)
  const isRunning = call.value?.running.view.value.state === 'running'
  const wait = useWait(isRunning ? call.value?.since : undefined)
  const send = (): void => {
    if (isRunning) return
    const named: TypedKey = asksForKey ? readTypedKey(key.value) : { key: fixedKey }
    wrongKey.value = named.fault
    if (named.fault !== undefined) return focusWrong(form.current)
    const process = named.key === undefined ? pid : `${pid}:${named.key}`
    const message = new TextEncoder().encode(text.value)
    const handle = model.callPeer(`${PROTOCOL}/${peer}/${process}/${method.value}`, message)
    call.value = { running: new RunningCall(handle), since: Date.now() }
  }
  useEffect(() => () => call.peek()?.running.cancel(), [])
  return (
    <form
      ref={form}
      class="link-call"
      aria-label={name}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {isGone && (
        <p class="soft" role="alert">
          It no longer has the method <span class="mono">{given}</span> that the link names.
        </p>
      )}
      <Methods methods={methods} chosen={method.value} onChoose={(each) => (method.value = each)} />
      {fixedKey !== undefined && (
        <p class="soft">
          The link leads to <span class="tag">{fixedKey}</span>, one of its keys.
        </p>
      )}
      {asksForKey && (
        <TextField
          label="Key: each has a memory of its own"
          value={key.value}
          error={wrongKey.value}
          onEdit={(value) => {
            key.value = value
            wrongKey.value = undefined
          }}
        />
      )}
      <label for={box}>Your message</label>
      <textarea
        id={box}
        rows={3}
        autocapitalize="off"
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          send()
        }}
      />
      <SubmitOrCancel label="Send" wait={wait} onCancel={() => call.value?.running.cancel()} />
      {call.value && <ReplyView call={call.value.running} fileName={`${name}-${method.value}-reply`} />}
    </form>
  )
}

interface MethodsProps {
  methods: readonly string[]
  chosen: string
  onChoose: (method: string) => void
}

/** What the actor can do. One method needs no choice. */
function Methods({ methods, chosen, onChoose }: MethodsProps) {
  const group = useId()
  if (methods.length < 2) {
    return (
      <p class="soft">
        It has one method: <span class="tag">{chosen}</span>
      </p>
    )
  }
  return (
    <fieldset class="link-methods">
      <legend class="label">What it can do</legend>
      <div>
        {methods.map((each) => (
          <label key={each} class="tag">
            <input type="radio" name={group} checked={each === chosen} onChange={() => onChoose(each)} />
            {each}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
