import { effect } from '@preact/signals'
import { showError, showNews } from './kit/notices.tsx'
import type { ProcessSource, ProcessView, Undoable } from './model.ts'
import type { Page } from './page.ts'

// What the views do with a process and offer to undo. No first call needs it.

/** @param source Whoever has the process. */
export async function killProcess(page: Page, process: ProcessView, source: ProcessSource): Promise<void> {
  const { name, hasKeys, keys, persisted } = process
  const lost = !source.undoesKills
    ? 'What it has in memory and its files under /data are lost, and no undo brings them back.'
    : hasKeys && keys !== 0 && !persisted
      ? 'What its keys have in memory and under /data is lost, and no undo brings it back.'
      : undefined
  if (lost === undefined) await kill(page, process, source)
  else showNews(`Kill ${name}?`, lost, { label: 'Kill it', run: () => void kill(page, process, source) })
}

async function kill(page: Page, process: ProcessView, source: ProcessSource): Promise<void> {
  const { pid, name } = process
  try {
    const { undo, isWhole } = await source.kill(pid)
    const what = isWhole ? 'what is kept of its memory' : 'a fresh state'
    const words = undo ? `Undo brings it back under its PID, with ${what}.` : ''
    showNews(`${name} was killed`, words, undoing(page, process, undo, `${name} did not come back`))
  } catch (thrown) {
    showError(`${name} was not killed`, thrown)
  }
}

export function tellSwapped(page: Page, process: ProcessView, fileName: string, undo: Undoable['undo']): void {
  const { name } = process
  const words = undo ? 'Undo brings back the module that it ran before.' : ''
  showNews(`${name} runs ${fileName} now`, words, undoing(page, process, undo, `${name} still runs ${fileName}`))
}

/** What a notice offers. */
function undoing(page: Page, { pid, host }: ProcessView, undo: Undoable['undo'], failure: string) {
  if (!undo) return undefined
  const run = async (): Promise<void> => {
    try {
      await undo()
      if (host !== undefined) return focusView()
      page.choose(pid)
      focusListed(page, pid)
    } catch (thrown) {
      showError(failure, thrown)
      focusView()
    }
  }
  return { label: 'Undo', run: () => void run() }
}

/** The lists have a process that came back a little later. */
function focusListed(page: Page, pid: string): void {
  const stop = effect(() => {
    if (!page.names.value.has(pid)) return
    requestAnimationFrame(() => {
      stop()
      focusView()
    })
  })
}

/** The button that the notice had is gone: the keyboard goes on where the process is, or in its view. */
function focusView(): void {
  if (document.activeElement !== document.body) return
  const view = document.querySelector<HTMLElement>('main .view')
  const target = view?.querySelector<HTMLElement>('tr[aria-selected=true]') ?? view
  target?.focus({ preventScroll: target === view })
}
