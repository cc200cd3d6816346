import type { StorageView, TabModel } from '../model.ts'

const WORDS: Record<StorageView, string> = {
  unknown: '–',
  'not asked': 'The browser is asked to keep what is stored here when you start the first process.',
  asking: 'The browser is being asked to keep what is stored here.',
  kept: 'The browser keeps what is stored here until you delete it.',
  refused: 'The browser does not promise to keep what is stored here: it may delete it when the disk is full.',
  impossible: 'This browser cannot be asked to keep what is stored here: it may delete it when the disk is full.',
}

/** What the browser promised about the data of this site. */
export function StorageWords({ model }: { model: Pick<TabModel, 'storage' | 'askForStorage'> }) {
  const view = model.storage.value
  return (
    <div class="storage soft" role="status">
      {WORDS[view]}{' '}
      {(view === 'refused' || view === 'not asked') && (
        <button type="button" class="link" onClick={() => void model.askForStorage()}>
          {view === 'refused' ? 'Ask again' : 'Ask now'}
        </button>
      )}
    </div>
  )
}
