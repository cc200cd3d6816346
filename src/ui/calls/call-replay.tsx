import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { RecordedCall } from '../../actors/recording/call-recordings.ts'
import type { TracedCall } from '../../glia/trace/read-calls.ts'
import { Attempt } from '../kit/attempt.ts'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { CheckField } from '../kit/form-fields.tsx'
import { useWait } from '../kit/use-wait.ts'
import type { CallsSource, ProcessView, TabModel } from '../model.ts'
import { hashOf } from '../route.ts'
import { goTo } from '../router.ts'
import { CallRows } from './call-rows.ts'
import { callIdText } from './call-words.ts'

export interface CallReplayProps {
  model: TabModel
  call: TracedCall
  source: CallsSource
}

/** Whether a call can be run again, and what to do if it cannot. */
export function CallReplay({ model, call, source }: CallReplayProps) {
  void source.replays.version.value
  // Others have what the programs of other peers read.
  if (call.way !== 'in' || call.status === 'pending') return null
  const recorded = source.replays.of(call.id)
  const process = model.processes.value.find(({ pid }) => pid === call.pid)
  return (
    <div class="call-replay" role="group" aria-label="Replay">
      <h3>Replay</h3>
      {recorded ? (
        <Recorded recorded={recorded} source={source} />
      ) : (
        <NotRecorded model={model} call={call} source={source} process={process} />
      )}
    </div>
  )
}

function Recorded({ recorded, source }: { recorded: RecordedCall; source: CallsSource }) {
  const { id, name, method, missing } = recorded
  const withModule = useSignal(true)
  const saving = useMemo(() => new Attempt(), [id])
  if (missing !== undefined) return <p>It was recorded, and cannot be replayed. {missing}</p>
  const save = (): void =>
    void saving.run(async () => {
      download(await source.replays.save(id, withModule.value), `${name}-${method}-${callIdText(id)}.gliacall`)
    })
  return (
    <>
      <p>All that it read was recorded. So it can be run again with the same clock, random numbers and files.</p>
      <div class="row bar">
        <a class="button" href={hashOf('replay', callIdText(id))}>
          Replay
        </a>
        <button type="button" class="button" onClick={save}>
          Save as a file
        </button>
        <CheckField label="with the module" value={withModule.value} onEdit={(value) => (withModule.value = value)} />
      </div>
      <p class="soft">
        Whoever has the file can replay the call. It tells the message, the reply, arguments, environment, the files
        that it read, and what it had in memory.
      </p>
      <ErrorLine error={saving.error.value} />
    </>
  )
}

interface NotRecordedProps extends CallReplayProps {
  process: ProcessView | undefined
}

function NotRecorded({ model, call, source, process }: NotRecordedProps) {
  const { pid, method, request, bytesIn } = call
  const attempt = useMemo(() => new Attempt(), [pid])
  const wait = useWait(attempt.since.value)
  useEffect(() => () => attempt.cancel(), [attempt])
  // The message is known whole only if its policy keeps heads, and it is short.
  const message = request?.length === bytesIn ? request : undefined
  const isOn = source.replays.isRecorded(pid)
  const record = async (signal: AbortSignal): Promise<void> => void (await source.replays.record(pid, true, signal))
  const newestCall = (): number | undefined =>
    new CallRows()
      .list(source.trace)
      .find((each) => each.way === 'in' && each.pid === pid && each.method === method && each.caller === 'browser')?.id
  const again = async (signal: AbortSignal): Promise<void> => {
    await record(signal)
    const before = newestCall()
    const { reply, cancel } = model.call(pid, method, message ?? new Uint8Array())
    signal.addEventListener('abort', cancel, { once: true })
    try {
      for await (const _chunk of reply);
    } catch (thrown) {
      // A call that fails is what is looked for. It has a page, if it came to the process.
      if (signal.aborted || newestCall() === before) throw thrown
    }
    const ran = newestCall()
    // A person who has left stays where they are.
    if (ran !== undefined && !signal.aborted) goTo(hashOf('calls', callIdText(ran)))
  }
  return (
    <>
      <p>
        It cannot be replayed, because what it read was not recorded: the whole message, its memory before, files, the
        clock, random numbers, and replies of others.
      </p>
      {process && isOn && attempt.since.value === undefined && (
        <p>The calls of {process.name} are recorded now. Call it again.</p>
      )}
      {process && (
        <div class="row bar">
          {message && (
            <button
              type="button"
              class="button"
              aria-busy={wait !== 'short'}
              onClick={() => void (wait === 'long' ? attempt.cancel() : attempt.run(again))}
            >
              {wait === 'short' ? 'Record and run it again' : wait === 'long' ? 'Running… Cancel' : 'Running…'}
            </button>
          )}
          {!isOn && (
            <button type="button" class="button" onClick={() => void attempt.run(record)}>
              Record the next calls of {process.name}
            </button>
          )}
        </div>
      )}
      <ErrorLine error={attempt.error.value} />
    </>
  )
}
