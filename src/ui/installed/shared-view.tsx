import { signal, useComputed } from '@preact/signals'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { formatBytes } from '../kit/format.ts'
import { showError } from '../kit/notices.tsx'
import type { SharedContent, ShareFailure } from '../model.ts'
import type { ViewProps } from '../page.ts'
import { hashOf, HOME } from '../route.ts'
import { goTo } from '../router.ts'

const FAILURES: Readonly<Record<ShareFailure, string>> = {
  'too-large': 'What was shared is larger than 64 MB, the most that Glia takes this way. Drop the file on this page.',
  full: 'Four shared things wait here already. Decide on them, and share the new one again.',
  failed: 'The browser could not store what was shared. There may be no room left on the disk.',
}

/** Characters of a text that are shown. */
const SHOWN_LENGTH = 2000

/** What other apps shared with the installed app. Nothing happens to it until the person says so. */
export function SharedView({ model, page, id }: ViewProps) {
  const contents = useMemo(() => signal<readonly SharedContent[] | undefined>(undefined), [])
  const hasStarted = useComputed(() => model.peerId.value !== undefined).value
  useEffect(() => {
    // Before the start the page may be reloaded, and what it took would be lost.
    if (hasStarted)
      model.shared().then(
        (all) => (contents.value = all),
        (thrown: unknown) => showError('What was shared could not be read', thrown),
      )
  }, [hasStarted])
  const done = (content: SharedContent): void => {
    contents.value = contents.peek()?.filter((other) => other !== content)
    content.done().catch((thrown: unknown) => showError('What was shared could not be removed', thrown))
  }
  const failure = Object.hasOwn(FAILURES, id) ? FAILURES[id as ShareFailure] : undefined
  useEffect(() => {
    const actors = contents.value?.filter(({ text, files }) => text === '' && files.length > 0 && files.every(isActor))
    if (!actors?.length) return
    actors.forEach(done)
    page.takeFiles(actors.flatMap(({ files }) => files))
  }, [contents.value])
  return (
    <section class="panel shared" aria-labelledby="shared-title">
      <h2 id="shared-title">Shared with Glia</h2>
      {failure && (
        <p class="field" role="alert">
          {failure}
        </p>
      )}
      {contents.value?.map((content, i) => (
        <Content key={i} model={model} page={page} content={content} onDone={() => done(content)} />
      ))}
      {contents.value?.length === 0 && (
        <p class="field">
          Nothing is waiting here. <a href={hashOf(HOME)}>Show the processes</a>
        </p>
      )}
    </section>
  )
}

interface ContentProps extends Pick<ViewProps, 'model' | 'page'> {
  content: SharedContent
  onDone: () => void
}

/** One thing that was shared: who gets it as a message, or whether it becomes a process. */
function Content({ model, page, content: { text, files, isBroken }, onDone }: ContentProps) {
  const processes = model.processes.value
  const [chosen, choose] = useState(page.selected.value)
  const process = processes.find(({ pid }) => pid === chosen) ?? processes.at(-1)
  const state = process && page.consoleOf(process)
  const hasTyped = state !== undefined && (state.text.value !== '' || state.file.value !== undefined)
  const offer = (given: string | File): void => {
    if (!process || !state) return
    state.file.value = typeof given === 'string' ? undefined : given
    if (typeof given === 'string') {
      state.text.value = given
      state.format.value = 'text'
    }
    onDone()
    page.showMade(process.pid)
    goTo(hashOf(HOME))
  }
  return (
    <div class="field">
      {isBroken && (
        <p role="alert">This is no form that Glia can read. The other app may have sent only a part of it.</p>
      )}
      {text !== '' && <pre class="shared-text">{text.slice(0, SHOWN_LENGTH)}</pre>}
      {!isBroken && (
        <label>
          Message to
          <select value={process?.pid} onChange={({ currentTarget }) => choose(currentTarget.value)}>
            {processes.map(({ pid, name }) => (
              <option key={pid} value={pid}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {hasTyped && <p class="soft">The message that is typed for {process?.name} is replaced.</p>}
      {files.map((file, i) => (
        <div key={i} class="row">
          <span class="grow">
            {file.name} <span class="soft">{formatBytes(file.size)}</span>
          </span>
          {isActor(file) ? (
            <button
              type="button"
              class="button"
              onClick={() => {
                onDone()
                page.takeFiles([file])
              }}
            >
              Start or replay {file.name}
            </button>
          ) : null}
          <button type="button" class="button" disabled={!process} onClick={() => offer(file)}>
            Use {file.name} as the message
          </button>
        </div>
      ))}
      <div class="row">
        {text !== '' && (
          <button type="button" class="button main" disabled={!process} onClick={() => offer(text)}>
            Use the text as the message
          </button>
        )}
        <button type="button" class="button" onClick={onDone}>
          Discard
        </button>
      </div>
    </div>
  )
}

/** A module, or a recorded call. */
function isActor({ name, type }: File): boolean {
  return type === 'application/wasm' || /\.(wasm|gliacall)$/i.test(name)
}
