import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { followTheme } from '../follow-theme.ts'
import { clock } from '../kit/clock.ts'
import { showError } from '../kit/notices.tsx'
import type { TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { typed } from '../kit/typed.ts'

/** How often the page looks whether the calls are over, in ms. */
const LOOK_MS = 250

export interface UpdatesProps {
  model: TabModel
  page: Page
}

/** Offers a newer version of the app. What was typed outlives its reload. Meanwhile the colours are those of the other tabs. */
export function Updates({ model, page }: UpdatesProps) {
  useEffect(followTheme, [])
  return model.updateReady.value ? <UpdateNotice model={model} page={page} /> : null
}

function UpdateNotice({ model, page }: UpdatesProps) {
  const waits = useSignal(false)
  // Calls to other peers change no process.
  void clock.value
  const running = runningCalls(model)
  const isFileChosen = model.processes.value.some((process) => {
    const { file, swap } = page.consoleOf(process)
    return file.value !== undefined || swap.value !== undefined
  })
  const reload = (): void => {
    try {
      typed.keep()
      location.reload()
    } catch (thrown) {
      waits.value = false
      showError('The page was not reloaded, since what you typed could not be kept', thrown)
    }
  }
  useEffect(() => {
    if (!waits.value) return undefined
    const timer = setInterval(() => runningCalls(model) === 0 && !isAsked() && reload(), LOOK_MS)
    return () => clearInterval(timer)
  }, [waits.value])
  const calls = running === 1 ? 'A call is running' : `${running} calls are running`
  return (
    <div class="update" role="status">
      <span class="grow">
        A newer version of Glia is ready. What you typed stays. Processes come back after the reload: durable ones with
        the memory that was kept, others with a fresh state.
        {isFileChosen && ' A file that you chose for a message or a new version has to be chosen again.'}
        {running > 0 && ` ${calls}: a reload now would end ${running === 1 ? 'it' : 'them'}.`}
        {waits.value && ' The page reloads when nothing runs.'}
      </span>
      {waits.value ? (
        <button type="button" class="button" onClick={() => (waits.value = false)}>
          Do not reload
        </button>
      ) : (
        running > 0 && (
          <button type="button" class="button main" onClick={() => (waits.value = true)}>
            Reload when nothing runs
          </button>
        )
      )}
      <button type="button" class="button" onClick={reload}>
        {running > 0 ? 'Reload now' : 'Reload'}
      </button>
    </div>
  )
}

/** Whether a dialog is open, such as the sheet of a file that the person decides on. */
function isAsked(): boolean {
  return document.querySelector('dialog[open]') !== null
}

/** Calls that a reload would end: those in and out, and those of processes that keep no record of them. */
function runningCalls(model: TabModel): number {
  const busy = model.processes.value.reduce((sum, { state, waiting }) => sum + waiting + (state === 'busy' ? 1 : 0), 0)
  return Math.max(busy, [...(model.traced.value?.trace.pending ?? [])].length)
}
