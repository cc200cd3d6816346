import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { ListedProcess } from '../../glia/listing.ts'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { shortId } from '../kit/format.ts'
import { Icon } from '../kit/icons.tsx'
import type { TabModel } from '../model.ts'
import { PeerCall } from './peer-call.tsx'
import { useWait } from '../kit/use-wait.ts'

/** Every peer has this process, and no list names it. `about` tells with what it was started. */
const ROOT = { pid: 'root', name: 'root', methods: ['about', 'echo'] }

export interface PeerProcessesProps {
  model: TabModel
  peerId: string
  onClose: () => void
}

/**
 * The root process of another peer, the processes that the peer lists to this one, and a console for the chosen one.
 */
export function PeerProcesses({ model, peerId, onClose }: PeerProcessesProps) {
  const listed = useSignal<readonly ListedProcess[]>([])
  const chosen = useSignal<Pick<ListedProcess, 'name' | 'methods'> & { pid: string }>(ROOT)
  const attempt = useMemo(() => new Attempt(), [peerId])
  const wait = useWait(attempt.since.value)
  const list = (): void =>
    void attempt.run(async (signal) => void (listed.value = await model.listedBy(peerId, signal)))
  useEffect(() => {
    list()
    return () => attempt.cancel()
  }, [])
  const { pid, name, methods } = chosen.value
  const isAsked = attempt.since.value === undefined && attempt.error.value === undefined
  return (
    <div class="peer-processes">
      <div class="row">
        <ul class="choices" aria-label={`Processes of ${shortId(peerId)}`}>
          {[ROOT, ...listed.value].map((process) => (
            <li key={process.pid}>
              <button
                type="button"
                class="button"
                aria-pressed={process.pid === pid}
                title={process.methods.join(', ')}
                onClick={() => (chosen.value = process)}
              >
                {process.name} {process.pid !== ROOT.pid && <span class="mono soft">{shortId(process.pid)}</span>}
              </button>
            </li>
          ))}
        </ul>
        <span class="grow" />
        <button type="button" class="icon-button" aria-label="Close the processes" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div class="soft" role="status">
        {wait !== 'short' && 'Asking the peer which processes it lists…'}
        {isAsked &&
          listed.value.length === 0 &&
          'It lists no process to this peer. One that it does not list can be called by its address.'}
      </div>
      <ErrorLine error={attempt.error.value} />
      {attempt.error.value && (
        <button type="button" class="button" onClick={list}>
          Ask again
        </button>
      )}
      <PeerCall
        key={pid}
        model={model}
        peerId={peerId}
        process={pid}
        name={name}
        methods={methods}
        method={methods[0] ?? ''}
        isCalledAtOnce={pid === ROOT.pid}
      />
    </div>
  )
}
