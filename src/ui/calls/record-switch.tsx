import { useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { CheckField } from '../kit/form-fields.tsx'
import { showNews } from '../kit/notices.tsx'
import type { CallsSource, ProcessView } from '../model.ts'

/** Records the next calls of a process with all that its program reads. */
export function RecordSwitch({ source, process }: { source: CallsSource; process: ProcessView }) {
  const { replays } = source
  const { pid, name } = process
  const attempt = useMemo(() => new Attempt(), [pid])
  void replays.version.value
  const isOn = replays.isRecorded(pid)
  const edit = (value: boolean): void =>
    void attempt.run(async (signal) => {
      if (await replays.record(pid, value, signal)) return
      showNews(
        `${name} is ${value ? 'recorded' : 'not recorded any more'} from its next instance on`,
        'What it has in memory cannot be moved to another worker. Restart it to begin now: that empties its memory.',
      )
    })
  return (
    <div class="record-switch">
      <CheckField label="Record what its next calls read, so that they can be replayed" value={isOn} onEdit={edit} />
      <p class="soft">
        That is the message, its memory, files, clock, random numbers and replies of others. Calls take longer
        meanwhile. This browser keeps the last 200 calls, or 128 MiB of them: save what you need for longer.
      </p>
      <ErrorLine error={attempt.error.value} />
    </div>
  )
}
