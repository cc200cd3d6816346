import { StorageWords } from '../kit/storage-words.tsx'
import type { ViewProps } from '../page.ts'
import { ErasePart } from './erase-part.tsx'
import { EverythingState } from './everything-state.ts'
import { ExportPart } from './export-part.tsx'
import { ImportPart } from './import-part.tsx'
import { StorageUsage } from './storage-usage.tsx'

/** What this browser keeps: the promise of the browser, and all of it as a file. */
export function KeepView({ model, page }: Pick<ViewProps, 'model' | 'page'>) {
  const state = page.kept(EverythingState)
  return (
    <section class="panel" aria-labelledby="keep-title">
      <h2 id="keep-title">What this browser keeps</h2>
      <div class="field">
        <div>
          <StorageWords model={model} />
          <StorageUsage />
        </div>
        <ExportPart model={model} state={state} />
        <ImportPart model={model} page={page} state={state} />
        <ErasePart model={model} state={state} />
      </div>
    </section>
  )
}
