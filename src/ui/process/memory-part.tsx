import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { SnapshotInfo } from '../../actors/snapshot/history.ts'
import { Attempt } from '../kit/attempt.ts'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes, formatCount, formatMoment } from '../kit/format.ts'
import type { ProcessView, TabModel } from '../model.ts'

/** A checkpoint is stored at most so long after a message, in ms, if the browser stores at all. */
const STORED_MS = 1500

/** What is kept of the memory of a process: its last snapshots, which it can go back to. */
export function MemoryPart({ model, process }: { model: TabModel; process: ProcessView }) {
  const { pid, name, policy, messages, state } = process
  const snapshots = useSignal<readonly SnapshotInfo[] | undefined>(undefined)
  const listing = useMemo(() => new Attempt(), [pid])
  const change = useMemo(() => new Attempt(), [pid])
  const list = (): void => void listing.run(async () => void (snapshots.value = await model.memories.list(pid)))
  useEffect(() => {
    list()
    const later = setTimeout(list, STORED_MS)
    return () => clearTimeout(later)
  }, [pid, messages, state, policy.memory])
  const save = (id: number): void =>
    void change.run(async () => download(await model.memories.file(pid, id), `${name}-${id}.snapshot`))
  const goBack = (id: number): void =>
    void change.run(async (signal) => {
      await model.memories.rewind(pid, id, signal)
      list()
    })
  const found = snapshots.value
  return (
    <div class="field">
      <ErrorLine error={listing.error.value ?? change.error.value} />
      {policy.memory !== 'durable' && (
        <p class="soft hint">What it has in memory is not kept. Its policy can have that changed.</p>
      )}
      {policy.memory === 'durable' && found?.length === 0 && (
        <p class="soft hint">Nothing is kept yet. The first snapshot comes with the first message.</p>
      )}
      <ul class="plain files-list" aria-label="Snapshots">
        {found?.map(({ id, at, messages: count, memoryBytes }) => (
          <li key={id} class="row">
            <span class="grow">
              {count === 0
                ? 'before its first message'
                : count === 1
                  ? 'after one message'
                  : `after ${formatCount(count)} messages`}
              <span class="soft">{`, ${formatMoment(at)}`}</span>
            </span>
            <span class="soft num">{formatBytes(memoryBytes)}</span>
            <button type="button" class="button" aria-label={`Download snapshot ${id}`} onClick={() => save(id)}>
              Download
            </button>
            <button type="button" class="button" aria-label={`Go back to snapshot ${id}`} onClick={() => goBack(id)}>
              Go back
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
