import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { SnapshotInfo } from '../../actors/snapshot/history.ts'
import { Attempt } from '../kit/attempt.ts'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes, formatCount, formatMoment } from '../kit/format.ts'
import { LatestAttempt } from '../kit/latest-attempt.ts'
import { useWait } from '../kit/use-wait.ts'
import type { ProcessSource, ProcessView } from '../model.ts'
import { nounOf } from '../../glia/counted.ts'

/** A checkpoint is stored at most so long after a message, in ms, if the browser stores at all. */
const STORED_MS = 1500

/** What is kept of the memory of a process: its last snapshots, which it can go back to. */
export function MemoryPart({ source, process }: { source: ProcessSource; process: ProcessView }) {
  const { memories } = source
  const { pid, name, policy, messages, state } = process
  const snapshots = useSignal<readonly SnapshotInfo[] | undefined>(undefined)
  const listing = useMemo(() => new LatestAttempt(), [pid])
  const change = useMemo(() => new Attempt(), [pid])
  const list = (): void => void listing.run(async () => void (snapshots.value = await memories.list(pid)))
  useEffect(() => {
    list()
    const later = setTimeout(list, STORED_MS)
    return () => clearTimeout(later)
  }, [pid, messages, state, policy.memory])
  const save = (id: number): void =>
    void change.run(async () => download(await memories.file(pid, id), `${name}-${id}.gliasnap`))
  const saveNow = (): void =>
    void change.run(async () => download(await memories.file(pid, undefined), `${name}.gliasnap`))
  const goBack = (id: number): void =>
    void change.run(async (signal) => {
      await memories.rewind(pid, id, signal)
      list()
    })
  const found = snapshots.value
  const wait = useWait(change.since.value)
  return (
    <div class="field">
      <div class="row">
        <button
          type="button"
          class="button"
          title="The process as a file: its module, what it has in memory now, and its files"
          aria-busy={wait !== 'short'}
          onClick={saveNow}
        >
          {wait === 'short' ? 'Download snapshot' : 'Working on it…'}
        </button>
      </div>
      <ErrorLine error={listing.error.value ?? change.error.value} />
      {policy.memory !== 'durable' && (
        <p class="soft hint">
          It has no snapshots: what it has in memory is lost when the page is closed. Its policy can change that.
        </p>
      )}
      {policy.memory === 'durable' && found?.length === 0 && (
        <p class="soft hint">Nothing is kept yet. The first snapshot comes with the first message.</p>
      )}
      <ul class="plain files-list" aria-label="Snapshots">
        {found?.map(({ id, at, messages: count, memoryBytes }) => (
          <li key={id} class="row">
            <span class="grow">
              {count === 0 ? 'before its first message' : `after ${formatCount(count)} ${nounOf(count, 'message')}`}
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
