import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { focusWrong } from '../kit/focus-wrong.ts'
import { shortId } from '../kit/format.ts'
import { Icon } from '../kit/icons.tsx'
import { peerWords } from '../kit/peer-names.ts'
import { typed as typedFields } from '../kit/typed.ts'
import { useWait } from '../kit/use-wait.ts'
import type { TabModel } from '../model.ts'
import { type CallableProcess, calledAt } from './called-at.ts'
import { PeerCall, peerConsole } from './peer-call.tsx'
import { placeIn, type TypedPlace } from './typed-place.ts'

/** Every peer has this process, and no list names it. `about` tells with what it was started. */
const ROOT: CallableProcess = { pid: 'root', name: 'root', methods: ['about', 'echo'] }

export interface PeerProcessesProps {
  model: TabModel
  peerId: string
  /** Whether the root process is called as soon as the processes are shown. */
  asksRoot?: boolean
  /** Whether the peer is asked by itself which processes it lists: one that is not connected would be connected for it. */
  asksList?: boolean
  /** Whether processes are offered that this tab has called by their address. */
  showsCalled?: boolean
  /** Left out: they stay. */
  onClose?: () => void
}

/**
 * The root process of another peer, the processes that the peer lists to this one, those that this tab has called by
 * their address, and a console for the chosen one.
 */
export function PeerProcesses({
  model,
  peerId,
  asksRoot = true,
  asksList = true,
  showsCalled = false,
  onClose,
}: PeerProcessesProps) {
  const listed = useSignal<readonly CallableProcess[] | undefined>(undefined)
  const typed = useSignal<readonly CallableProcess[]>([])
  const chosen = useSignal<CallableProcess>(ROOT)
  const attempt = useMemo(() => new Attempt(), [peerId])
  const wait = useWait(attempt.since.value)
  const traced = model.traced.value
  const called = useSignal<readonly CallableProcess[]>([])
  const list = (): void =>
    void attempt.run(async (signal) => void (listed.value = await model.listedBy(peerId, signal)))
  useEffect(() => {
    if (asksList && listed.peek() === undefined) list()
    return () => attempt.cancel()
  }, [asksList])
  useEffect(() => {
    if (traced && showsCalled) void calledAt(traced, peerId).then((found) => (called.value = found))
  }, [traced])
  const { pid, name, methods, key = false } = chosen.value
  const known = [ROOT, ...called.value, ...typed.value, ...(listed.value ?? [])]
  const all = [...new Map(known.map((each) => [each.pid, each])).values()]
  return (
    <div class="peer-processes">
      <div class="row">
        <ul class="choices" aria-label={`Processes of ${peerWords(peerId)}`}>
          {all.map((process) => (
            <li key={process.pid}>
              <button
                type="button"
                class="button"
                aria-pressed={process.pid === pid}
                title={process.methods.join(', ')}
                onClick={() => (chosen.value = process)}
              >
                <bdi>{process.name}</bdi>{' '}
                {process.pid !== ROOT.pid && <span class="mono soft">{shortId(process.pid)}</span>}
              </button>
            </li>
          ))}
        </ul>
        <span class="grow" />
        {onClose && (
          <button type="button" class="icon-button" aria-label="Close the processes" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <div class="soft" role="status">
        {wait !== 'short' && 'Asking the peer which processes it lists…'}
        {listed.value?.length === 0 &&
          'It lists no process to this peer. One that it does not list can be called by its address.'}
      </div>
      <ErrorLine error={attempt.error.value} />
      {listed.value === undefined && attempt.since.value === undefined && (
        <div>
          <button type="button" class="button" onClick={list}>
            {attempt.error.value ? 'Ask again' : 'Ask which processes it lists'}
          </button>
        </div>
      )}
      <TypedPid
        peerId={peerId}
        onPlace={(place) => {
          const process = placed(place, all)
          if (!all.includes(process)) typed.value = [...typed.value, process]
          const console = peerConsole(peerId, process.pid, process.methods)
          if (place.key !== undefined) console.key.value = place.key
          if (place.method !== undefined) console.method.value = place.method
          chosen.value = process
        }}
      />
      <PeerCall
        key={pid}
        model={model}
        peerId={peerId}
        process={pid}
        name={name}
        methods={methods}
        hasKeys={key}
        isCalledAtOnce={asksRoot && pid === ROOT.pid}
      />
    </div>
  )
}

/** The process of a typed text. Who types a key knows that the process has an instance for each. */
function placed({ pid, key }: TypedPlace, known: readonly CallableProcess[]): CallableProcess {
  const found = known.find((each) => each.pid === pid) ?? { pid, name: 'process', methods: [] }
  return key === undefined || found.key === true ? found : { ...found, key: true }
}

/** Takes the PID, or the whole address, of a process that the peer does not list. */
function TypedPid({ peerId, onPlace }: { peerId: string; onPlace: (place: TypedPlace) => void }) {
  const text = useMemo(() => typedFields.of(`process of ${peerId}`, ''), [peerId])
  const isWrong = useSignal(false)
  const form = useRef<HTMLFormElement>(null)
  return (
    <form
      ref={form}
      class="row typed-pid"
      onSubmit={(event) => {
        event.preventDefault()
        const place = placeIn(text.value)
        isWrong.value = place === undefined
        if (place === undefined) return focusWrong(form.current)
        text.value = ''
        onPlace(place)
      }}
    >
      <input
        class="input"
        aria-label="PID or address of another process"
        placeholder="PID or address of another process"
        autocapitalize="off"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={isWrong.value}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      <button type="submit" class="button">
        Choose
      </button>
      {isWrong.value && (
        <span class="call-error" role="alert">
          There is no PID in it.
        </span>
      )}
    </form>
  )
}
