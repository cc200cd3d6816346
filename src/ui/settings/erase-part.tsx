import { useRef } from 'preact/hooks'
import { ErrorLine } from '../kit/error-line.tsx'
import { useMovedFocus } from '../kit/use-moved-focus.ts'
import { useWait } from '../kit/use-wait.ts'
import type { TabModel } from '../model.ts'
import type { EverythingState } from './everything-state.ts'

/** Erases what this browser keeps, after a second press. */
export function ErasePart({ model, state }: { model: TabModel; state: EverythingState }) {
  const { erasing, asksToErase } = state
  const wait = useWait(erasing.since.value)
  /** Asks, or cancels that. */
  const button = useRef<HTMLButtonElement>(null)
  useMovedFocus(() => button.current, asksToErase.value)
  const erase = async (): Promise<void> => (await model.everything()).erase()
  return (
    <div class="keep-part">
      <h3>Erase everything</h3>
      {asksToErase.value ? (
        <>
          <p class="warning">
            This erases, for all tabs of this browser: their identities, their processes with modules, files and memory,
            names and blocked peers, settings, logs and recorded calls. Other tabs of Glia stop. Nothing brings it back
            but a file that you exported. The app itself stays.
          </p>
          <div class="row">
            <button type="button" class="button danger" onClick={() => void erasing.run(erase)}>
              {wait === 'short' ? 'Erase everything now' : 'Erasing…'}
            </button>
            <button ref={button} type="button" class="button plain" onClick={() => (asksToErase.value = false)}>
              Cancel
            </button>
          </div>
        </>
      ) : (
        <div class="row">
          <button ref={button} type="button" class="button plain" onClick={() => (asksToErase.value = true)}>
            Erase everything…
          </button>
        </div>
      )}
      <ErrorLine error={erasing.error.value} />
    </div>
  )
}
