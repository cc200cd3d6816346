import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ConsoleState } from './console/console-state.ts'
import { showError, wordsOf } from './kit/notices.tsx'
import { typed } from './kit/typed.ts'
import type { BundledActor, ProcessSource, ProcessView, TabModel } from './model.ts'
import { namesOf } from './process-names.ts'
import { Swap } from './processes/swap.ts'
import { nextSelection } from './processes/selection.ts'
import { hashOf, HOME } from './route.ts'
import { goTo, route } from './router.ts'

/** What every view is given. */
export interface ViewProps {
  model: TabModel
  page: Page
  /** What the view is about, from its address: a PID, a peer id, the id of a call. Empty for a view of everything. */
  id: string
  /** A part of the view, from its address. Empty for the part that it begins with. */
  part: string
  /** Peer id of the peer that has the process. Left out: this tab has it, or the view is about something else. */
  host?: string | undefined
}

/** What the views share besides the model: state that outlives a view, and what a person can do in several of them. */
export class Page {
  /** True while the join link is shown as a QR code. */
  readonly joinShown = signal(false)
  /** Files that were dropped or chosen. Each gets a sheet, on which the person decides what becomes of it. */
  readonly given = signal<readonly File[]>([])
  readonly sheetsShown = signal(false)
  /** A recorded call from a file, which the view `replay` shows. */
  readonly recordedCall = signal<File | undefined>(undefined)
  /** An archive of everything, which the settings show. */
  readonly archive = signal<File | undefined>(undefined)
  /** PID of the process that is chosen in the list. */
  readonly selected = typed.of<string | undefined>('chosen process', undefined)
  /** PID of a process that was just made: its message box gets the cursor. The console clears it when that is done. */
  readonly focusPid = signal<string | undefined>(undefined)
  /** PID of the process whose link is shown. */
  readonly sharing = signal<string | undefined>(undefined)
  /** True while the palette of commands is shown. */
  readonly paletteShown = signal(false)
  /** The names of the processes, by PID. */
  readonly names: ReadonlySignal<ReadonlyMap<string, string>>
  readonly #model: TabModel
  readonly #title = signal<string | undefined>(undefined)
  readonly #consoles = new Map<string, ConsoleState>()
  readonly #kept = new Map<unknown, unknown>()
  #choices = 0
  #lastPids: readonly string[] = []

  constructor(model: TabModel) {
    this.#model = model
    this.names = namesOf(model.processes)
  }

  /** What the view shows, in a few words for the title of the window; undefined if the word of the view will do. */
  get title(): ReadonlySignal<string | undefined> {
    return this.#title
  }

  /** State of a view that outlives it: one object of each class. */
  kept<T>(Kept: new () => T): T {
    const known = this.#kept.get(Kept)
    if (known instanceof Kept) return known
    const made = new Kept()
    this.#kept.set(Kept, made)
    return made
  }

  consoleOf({ pid, host, methods }: ProcessView): ConsoleState {
    // Another peer may have a process with the same PID.
    const name = host === undefined ? pid : `${pid} of ${host}`
    const known = this.#consoles.get(name) ?? new ConsoleState(name, methods)
    this.#consoles.set(name, known)
    return known
  }

  choose(pid: string): void {
    this.#choices += 1
    this.selected.value = pid
  }

  /** The chosen process may be gone: chooses the one in its place. Reads the processes. */
  followProcesses(): void {
    const now = this.#model.processes.value.map(({ pid }) => pid)
    // The peer has not started: the choice of the page before the reload stays.
    if (now.length === 0) return
    this.selected.value = nextSelection(this.selected.peek(), this.#lastPids, now)
    this.#lastPids = now
  }

  /** Shows the sheets on which files become processes. A recorded call is replayed, an archive is imported instead. */
  takeFiles(given: readonly File[]): void {
    const call = given.findLast(isRecordedCall)
    if (call) {
      this.recordedCall.value = call
      goTo(hashOf('replay'))
    }
    const archive = given.findLast(isArchive)
    if (archive) {
      this.archive.value = archive
      goTo(hashOf('settings'))
    }
    const files = given.filter((file) => !isRecordedCall(file) && !isArchive(file))
    if (files.length === 0) return
    if (route.peek().view !== HOME) goTo(hashOf(HOME))
    this.given.value = [...this.given.peek(), ...files]
    this.sheetsShown.value = true
  }

  /** Chooses a process that was just made, and gives its message box the cursor. */
  showMade(pid: string): void {
    this.choose(pid)
    this.focusPid.value = pid
  }

  async spawnBundled(actor: BundledActor): Promise<void> {
    const before = this.#choices
    try {
      const pid = await this.#model.spawnBundled(actor)
      // The person may have chosen another process meanwhile: the choice stays.
      if (this.#choices !== before) return
      this.showMade(pid)
    } catch (thrown) {
      if (wordsOf(thrown).code !== 'ERR_ABORTED') showError(`${actor.name} was not started`, thrown)
    }
  }

  /** Asks whether a process is to run the module in a file. */
  askToSwap(process: ProcessView, file: File, source: ProcessSource = this.#model): void {
    if (process.host === undefined) this.choose(process.pid)
    this.consoleOf(process).setSwap(new Swap(source.draft(file)))
  }

  /** @param words What the window is called while the view is shown, such as the name of a process. */
  useTitle(words: string | undefined): void {
    useEffect(() => {
      this.#title.value = words
      return () => (this.#title.value = undefined)
    }, [words])
  }
}

function isArchive({ name }: File): boolean {
  return /\.gliaall$/i.test(name)
}

function isRecordedCall({ name }: File): boolean {
  return /\.gliacall$/i.test(name)
}
