import { useEffect, useMemo, useRef } from 'preact/hooks'
import { CallBox } from '../console/call-box.tsx'
import { Attempt } from '../kit/attempt.ts'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { TextField } from '../kit/form-fields.tsx'
import { useMovedFocus } from '../kit/use-moved-focus.ts'
import { useWait } from '../kit/use-wait.ts'
import type { ProcessView, ScriptLanguage, TabModel } from '../model.ts'
import type { Page, ViewProps } from '../page.ts'
import { LogPart } from '../process/log-part.tsx'
import { ShareDialog } from '../process/share-dialog.tsx'
import { hashOf } from '../route.ts'
import { build } from './build.ts'
import { Editor } from './editor.tsx'
import { PlaygroundState } from './playground-state.ts'
import { ProblemList } from './problem-list.tsx'
import { TEMPLATES } from './templates.ts'

/** How much is loaded. What the server sends to its own machine is not compressed. */
const COMPILER_SIZES: Readonly<Record<ScriptLanguage, string>> = {
  AssemblyScript: '3 MB',
  C: 'clang with 30 to 100 MB and 500 MB of memory',
}

/** Writing an actor: its text, what the compiler says, and the process that it became. */
export function PlaygroundView({ model, page }: ViewProps) {
  const state = page.kept(PlaygroundState)
  const input = useRef<HTMLTextAreaElement>(null)
  /** Builds, or cancels that. */
  const button = useRef<HTMLButtonElement>(null)
  const { name, text, pid } = state.sketch.value
  const { language } = state.chosen.value
  const process = model.processes.value.find((each) => each.pid === pid)
  const problems = state.problems.value
  const isBuilding = state.build.since.value !== undefined
  const run = (): void => void build(model, state)
  useEffect(() => () => state.build.cancel(), [])
  useMovedFocus(() => button.current, isBuilding)
  const goTo = ({ start, end }: { start: number; end: number }): void => {
    const box = input.current
    if (!box) return
    box.focus()
    box.setSelectionRange(start, end)
    const lines = text.split('\n').length
    const line = text.slice(0, start).split('\n').length
    box.scrollTop = (box.scrollHeight * (line - 1)) / lines - box.clientHeight / 2
  }
  return (
    <>
      <section class="panel" aria-labelledby="playground-title">
        <h2 id="playground-title">Write an actor</h2>
        <div class="field">
          <div class="playground-top">
            <label>
              Begin with
              <select
                value={state.chosen.value.name}
                disabled={isBuilding}
                onChange={({ currentTarget }) => state.choose(currentTarget.value)}
              >
                {TEMPLATES.map((each) => (
                  <option key={each.name} value={each.name}>
                    {each.words}
                  </option>
                ))}
              </select>
            </label>
            <TextField
              label={process ? 'Name of the process, which it keeps' : 'Name of the process'}
              value={process?.name ?? name}
              isFixed={process !== undefined || isBuilding}
              onEdit={(next) => state.edit({ name: next.slice(0, 100) })}
            />
          </div>
          <Editor
            inputRef={input}
            text={text}
            language={language}
            isWrong={problems?.found.some(({ isError }) => isError) ?? false}
            onEdit={(next) => state.edit({ text: next })}
            onBuild={run}
          />
          <div class="row">
            {isBuilding ? (
              <button ref={button} key="cancel" type="button" class="button" onClick={() => state.build.cancel()}>
                Cancel
              </button>
            ) : (
              <button ref={button} key="build" type="button" class="button main" onClick={run}>
                {process ? 'Build and replace' : 'Build'}
              </button>
            )}
            {text !== state.chosen.value.text && (
              <button type="button" class="button" disabled={isBuilding} onClick={() => resetText(input.current)}>
                Back to the template
              </button>
            )}
            <BuildWords state={state} />
          </div>
          {!state.isKept.value && (
            <p class="soft">This browser keeps nothing for this page: a reload loses the text.</p>
          )}
          <ErrorLine error={state.build.error.value} />
          {problems && <ProblemList text={problems.text} problems={problems.found} onGo={goTo} />}
        </div>
      </section>
      <section class="panel" aria-label="The process">
        {process ? (
          <Running model={model} page={page} process={process} />
        ) : (
          <p class="field soft">
            Build makes a process of the text. Then it can be called here, by others with a link, and over HTTP. The
            compiler, {COMPILER_SIZES[language]}, is loaded with the first build.
          </p>
        )}
      </section>
    </>
  )

  /** As typing does, so that undo brings the text back. */
  function resetText(box: HTMLTextAreaElement | null): void {
    box?.select()
    box?.focus()
    // oxlint-disable-next-line typescript/no-deprecated
    if (!document.execCommand('insertText', false, state.chosen.value.text))
      state.edit({ text: state.chosen.value.text })
  }
}

function BuildWords({ state }: { state: PlaygroundState }) {
  const wait = useWait(state.build.since.value)
  const loaded = state.loaded.value
  return (
    <span class="soft" role="status">
      {state.build.since.value === undefined
        ? state.outcome.value
        : wait === 'short'
          ? ''
          : loaded === ''
            ? 'Building…'
            : `Loading the compiler: ${loaded}`}
    </span>
  )
}

/** The process that the text became: call it, share it, save it. */
function Running({ model, page, process }: { model: TabModel; page: Page; process: ProcessView }) {
  const { pid, name } = process
  const saving = useMemo(() => new Attempt(), [pid])
  const state = page.consoleOf(process)
  return (
    <>
      <div class="field playground-process">
        <h2>
          <a href={hashOf('p', pid)}>{name}</a>
        </h2>
        <div class="row">
          <button type="button" class="button" onClick={() => (page.sharing.value = pid)}>
            Share
          </button>
          <button
            type="button"
            class="button"
            onClick={() => void saving.run(async () => download(await model.moduleOf(pid), `${name}.wasm`))}
          >
            Download .wasm
          </button>
        </div>
        <ErrorLine error={saving.error.value} />
      </div>
      <CallBox key={pid} model={model} process={process} state={state} focusPid={page.focusPid} />
      <LogPart source={model} process={process} state={state} isTail />
      {page.sharing.value === pid && (
        <ShareDialog model={model} process={process} onClose={() => (page.sharing.value = undefined)} />
      )}
    </>
  )
}
