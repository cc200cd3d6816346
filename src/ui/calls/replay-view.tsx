import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { useWait } from '../kit/use-wait.ts'
import type { CallsSource, ReplayedCall } from '../model.ts'
import type { ViewProps } from '../page.ts'
import { idOfCall } from './call-words.ts'
import { ReplayReport } from './replay-report.tsx'

/** A recorded call that is run again: one of this tab, by its id, or one from a file. */
export function ReplayView({ model, page, id }: ViewProps) {
  page.useTitle('Replay')
  const source = model.traced.value
  const file = page.recordedCall.value
  if (!source) return <p class="soft hint">The peer of this tab is being started.</p>
  const what = id === '' ? file : idOfCall(id)
  return (
    <section class="panel call-page" aria-label="Replay">
      <h2>
        <a href="#/calls">Calls</a>
        <span class="soft" aria-hidden="true">
          /
        </span>
        <span class="words">Replay{file && id === '' ? ` of ${file.name}` : ''}</span>
        <span class="grow" />
        <FileButton label="Open a file" accept=".gliacall" onFile={(opened) => page.takeFiles([opened])} />
      </h2>
      {what === undefined ? (
        <p class="hint">
          A recorded call is a file that ends in .gliacall. Drop one on this page, and it is run again here: with its
          recorded clock, random numbers, files and replies of others. Nothing leaves this tab.
        </p>
      ) : (
        <Replay key={typeof what === 'number' ? id : `${what.name} ${what.lastModified}`} what={what} source={source} />
      )}
    </section>
  )
}

function Replay({ what, source }: { what: File | number; source: CallsSource }) {
  const replayed = useSignal<ReplayedCall | undefined>(undefined)
  const attempt = useMemo(() => new Attempt(), [what])
  const wait = useWait(attempt.since.value)
  const run = (module?: File): void =>
    void attempt.run(async (signal) => {
      replayed.value = undefined
      replayed.value = await source.replays.replay(what, module, signal)
    })
  useEffect(() => {
    run()
    return () => attempt.cancel()
  }, [what])
  return (
    <>
      {attempt.since.value !== undefined && wait !== 'short' && (
        <div class="row bar">
          <span role="status">It is being run again.</span>
          <span class="grow" />
          {wait === 'long' && (
            <button type="button" class="button" onClick={() => attempt.cancel()}>
              Cancel
            </button>
          )}
        </div>
      )}
      {attempt.error.value && (
        <div>
          <ErrorLine error={attempt.error.value} />
        </div>
      )}
      {replayed.value && <ReplayReport replayed={replayed.value} />}
      <div>
        <h3>Another version</h3>
        <p class="soft">
          Run the same call with another version of the module, such as one with a fix. Its memory is the recorded one,
          so changed code is seen, and changed data is not.
        </p>
        <FileButton label="Choose a .wasm" accept=".wasm,application/wasm" onFile={run} />
      </div>
    </>
  )
}

function FileButton({ label, accept, onFile }: { label: string; accept: string; onFile: (file: File) => void }) {
  return (
    <label class="button plain file-button">
      {label}
      <input
        type="file"
        aria-label={label}
        accept={accept}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          // The same file can be chosen again.
          currentTarget.value = ''
          if (file) onFile(file)
        }}
      />
    </label>
  )
}
