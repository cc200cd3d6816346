import { useSignalEffect } from '@preact/signals'
import { ErrorLine } from '../kit/error-line.tsx'
import { CheckField, ChoiceField } from '../kit/form-fields.tsx'
import { shortId } from '../kit/format.ts'
import { formatWhole } from '../kit/whole-moment.ts'
import { NameText } from '../kit/peer-name.tsx'
import { useWait } from '../kit/use-wait.ts'
import type { ArchiveView, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import type { EverythingState } from './everything-state.ts'
import { counted } from '../../glia/counted.ts'

export interface ImportPartProps {
  model: TabModel
  page: Page
  state: EverythingState
}

/** Names of processes that are shown. */
const SHOWN_NAMES = 12

/** An archive is opened, shown, and imported when the person has chosen what becomes of the processes that are here. */
export function ImportPart({ model, page, state }: ImportPartProps) {
  const { importing, archive } = state
  const wait = useWait(importing.since.value)
  const open = (file: File): void => {
    archive.value = undefined
    void importing.run(async () => {
      archive.value = await (await model.everything()).read(file)
      // A tab without processes becomes what the file says.
      state.placing.value = hasProcesses(model) ? 'add' : 'replace'
      state.takesIdentity.value = false
      state.takesManagers.value = false
    })
  }
  useSignalEffect(() => {
    const file = page.archive.value
    if (!file) return
    page.archive.value = undefined
    open(file)
  })
  return (
    <div class="keep-part">
      <h3>Import</h3>
      {archive.value ? (
        <ArchiveForm model={model} state={state} archive={archive.value} />
      ) : (
        <div class="row">
          <label class="button plain file-button">
            <span aria-hidden="true">{wait === 'short' ? 'Open an archive…' : 'Reading…'}</span>
            <input
              type="file"
              accept=".gliaall"
              aria-label="Open an archive"
              onChange={({ currentTarget }) => {
                const [file] = currentTarget.files ?? []
                if (file) open(file)
                // Lets the person choose the same file again.
                currentTarget.value = ''
              }}
            />
          </label>
          <span class="soft">or drop it on the page</span>
        </div>
      )}
      <ErrorLine error={importing.error.value} />
    </div>
  )
}

const PLACING = {
  add: 'Keep the processes that are here, and add those of the file under new PIDs',
  replace: 'Kill the processes that are here, and bring back those of the file under their PIDs',
}

function ArchiveForm({ model, state, archive }: { model: TabModel; state: EverythingState; archive: ArchiveView }) {
  const { placing, takesIdentity, takesManagers, importing } = state
  const { at, glia, peer, names, hasIdentity, managers } = archive
  const wait = useWait(importing.since.value)
  const put = (): Promise<void> =>
    archive.put({
      placing: placing.value,
      withIdentity: takesIdentity.value,
      withManagers: takesManagers.value,
    })
  return (
    <>
      <p>
        Archive of peer <span class="mono">{shortId(peer)}</span>, made on {formatWhole(at)} by Glia {glia}.{' '}
        {contentWords(names)}
      </p>
      {hasProcesses(model) && (
        <ChoiceField
          label="This tab has processes"
          words={PLACING}
          value={placing.value}
          onEdit={(next) => (placing.value = next)}
        />
      )}
      {hasIdentity && (
        <CheckField
          label="Become the peer of the file. It must run nowhere else at the same time."
          value={takesIdentity.value}
          onEdit={(is) => (takesIdentity.value = is)}
        />
      )}
      {managers.length > 0 && (
        <>
          <CheckField
            label="Let peers that the file names make, change and end all processes of this browser"
            value={takesManagers.value}
            onEdit={(is) => (takesManagers.value = is)}
          />
          <ul class="keep-peers">
            {managers.map((id) => (
              <li key={id}>
                <NameText id={id} /> <span class="mono">{id}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="soft">
        The processes get the policies of the file: import only files that you trust. The page is reloaded, and calls
        that run now are ended.
      </p>
      <div class="row">
        <button type="button" class="button main" onClick={() => void importing.run(put)}>
          {wait === 'short' ? 'Import' : 'Importing…'}
        </button>
        <button type="button" class="button plain" onClick={() => (state.archive.value = undefined)}>
          Cancel
        </button>
      </div>
    </>
  )
}

function hasProcesses({ processes }: TabModel): boolean {
  return processes.value.some(({ root }) => !root)
}

function contentWords(names: readonly string[]): string {
  if (names.length === 0) return 'It has no processes.'
  const shown = names.slice(0, SHOWN_NAMES).join(', ')
  const more = names.length - SHOWN_NAMES
  const count = counted(names.length, 'process', 'processes')
  return `It has ${count}: ${shown}${more > 0 ? ` and ${more} more` : ''}.`
}
