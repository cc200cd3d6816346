import { useEffect, useRef } from 'preact/hooks'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { CheckField } from '../kit/form-fields.tsx'
import { useMovedFocus } from '../kit/use-moved-focus.ts'
import { useWait } from '../kit/use-wait.ts'
import type { TabModel } from '../model.ts'
import type { EverythingState } from './everything-state.ts'

/** Everything of this tab as one file. */
export function ExportPart({ model, state }: { model: TabModel; state: EverythingState }) {
  const { exporting, withIdentity, isPortable, notes } = state
  const wait = useWait(exporting.since.value)
  useEffect(() => {
    const look = async (): Promise<boolean> => (await model.everything()).isPortable()
    look().then(
      (is) => (isPortable.value = is),
      () => (isPortable.value = undefined),
    )
  }, [])
  const save = async (): Promise<void> => {
    notes.value = undefined
    const everything = await model.everything()
    const { file, name, notes: missing } = await everything.export({ withIdentity: withIdentity.value })
    download(file, name)
    notes.value = missing
  }
  return (
    <div class="keep-part">
      <h3>Export everything</h3>
      <p class="soft">
        One file with the processes of this tab (modules, policies, files, memory that is kept), the names of peers, and
        the settings with the passwords of TURN servers. Logs and recorded calls are not in it.
      </p>
      {isPortable.value === true && (
        <CheckField
          label="With the identity of this tab"
          value={withIdentity.value}
          onEdit={(is) => (withIdentity.value = is)}
        />
      )}
      {isPortable.value === false && <RenewIdentity model={model} state={state} />}
      {withIdentity.value && (
        <p class="warning">Whoever has the file is this peer: keep it like a password, and give it to nobody.</p>
      )}
      <div class="row">
        <button type="button" class="button main" onClick={() => void exporting.run(save)}>
          {wait === 'short' ? 'Export everything' : 'Exporting…'}
        </button>
        <span role="status">
          {notes.value && (notes.value.length === 0 ? 'Exported.' : 'Exported, but not all of it:')}
        </span>
      </div>
      {notes.value?.map((note, i) => (
        <p key={i} class="warning">
          {note}
        </p>
      ))}
      <ErrorLine error={exporting.error.value} />
    </div>
  )
}

/** The key of the identity is in the browser's keeping. Only a new identity can be in a file. */
function RenewIdentity({ model, state }: { model: TabModel; state: EverythingState }) {
  const { exporting, asksToRenew } = state
  /** Asks, or cancels that. */
  const button = useRef<HTMLButtonElement>(null)
  useMovedFocus(() => button.current, asksToRenew.value)
  const renew = async (): Promise<void> => (await model.everything()).renewIdentity()
  return (
    <>
      <p class="soft">
        The identity of this tab is not in it. This browser keeps its key and gives it to nobody, so that nothing can
        steal it.{' '}
        {!asksToRenew.value && (
          <button ref={button} type="button" class="link" onClick={() => (asksToRenew.value = true)}>
            Use an identity that can be exported…
          </button>
        )}
      </p>
      {asksToRenew.value && (
        <>
          <p class="warning">
            This tab becomes another peer: links and addresses that others have stop working. From then on, a script
            that gets into this page could take the key.
          </p>
          <div class="row">
            <button type="button" class="button" onClick={() => void exporting.run(renew)}>
              Become another peer
            </button>
            <button ref={button} type="button" class="button plain" onClick={() => (asksToRenew.value = false)}>
              Cancel
            </button>
          </div>
        </>
      )}
    </>
  )
}
