import { ADD_ACTOR } from './spawn/add-actor.tsx'
import type { Choice } from './kit/choices.ts'
import { shortId } from './kit/format.ts'
import { peerWords } from './kit/peer-names.ts'
import { showError } from './kit/notices.tsx'
import type { TabModel } from './model.ts'
import type { Page } from './page.ts'
import { killProcess } from './process-acts.ts'
import { hashOf } from './route.ts'
import { goTo } from './router.ts'
import { withDefaultPolicy } from './processes/default-policy.ts'
import { setTheme, theme, THEMES } from './theme.ts'
import { tourWords } from './tour/tour-button.tsx'
import { TourState } from './tour/tour-state.ts'
import { VIEWS } from './views.ts'

/** Something that a person can do from anywhere. */
export interface Command extends Choice {
  run: () => void
}

/** All that can be done now. Reads the signals of the model. */
export function commandsOf(model: TabModel, page: Page): Command[] {
  return [
    ...viewCommands(),
    ...processCommands(model, page),
    ...startCommands(model, page),
    ...peerCommands(model),
    ...tourCommands(page),
    ...themeCommands(),
  ]
}

function viewCommands(): Command[] {
  return [...VIEWS].flatMap(([name, { word }]) =>
    word === undefined ? [] : [{ value: `view ${name}`, words: word, hint: 'view', run: () => goTo(hashOf(name)) }],
  )
}

function processCommands(model: TabModel, page: Page): Command[] {
  const processes = [...page.names.value].map(([pid, name]) => ({ pid, name }))
  // Processes change with every call, and the commands with a name only.
  const roots = new Set(model.processes.peek().flatMap(({ pid, root }) => (root ? [pid] : [])))
  const kill = (pid: string): void => {
    const process = model.processes.peek().find((each) => each.pid === pid)
    if (process) void killProcess(page, process, model)
  }
  const restart = (pid: string, name: string): void =>
    void model.restart(pid).catch((thrown: unknown) => showError(`${name} was not restarted`, thrown))
  return [
    ...processes.map(({ pid, name }) => ({
      value: `process ${pid}`,
      words: name,
      hint: `process ${shortId(pid)}`,
      run: () => goTo(hashOf('p', pid)),
    })),
    ...processes.map(({ pid, name }) => ({
      value: `restart ${pid}`,
      words: `Restart ${name}`,
      hint: shortId(pid),
      run: () => restart(pid, name),
    })),
    ...processes.flatMap(({ pid, name }) =>
      roots.has(pid) ? [] : [{ value: `kill ${pid}`, words: `Kill ${name}`, hint: shortId(pid), run: () => kill(pid) }],
    ),
  ]
}

function startCommands(model: TabModel, page: Page): Command[] {
  return [
    {
      value: 'start file',
      words: 'Start a .wasm file…',
      run: () => document.querySelector<HTMLInputElement>(`input[aria-label="${ADD_ACTOR}"]`)?.click(),
    },
    ...model.bundled.value.map((actor) => ({
      value: `start ${actor.file}`,
      words: `Start ${actor.name}`,
      hint: 'bundled actor',
      run: () => {
        goTo(hashOf('processes'))
        void page.spawnBundled(withDefaultPolicy(actor))
      },
    })),
  ]
}

function peerCommands(model: TabModel): Command[] {
  return model.peers.value.map(({ peerId, relay }) => ({
    value: `peer ${peerId}`,
    words: peerWords(peerId),
    hint: relay ? 'relay' : 'peer',
    run: () => goTo(hashOf('peers', peerId)),
  }))
}

function tourCommands(page: Page): Command[] {
  const tour = page.kept(TourState)
  return [
    { value: 'tour', words: tourWords(tour), run: () => tour.show() },
    ...(tour.isShown.value ? [{ value: 'leave tour', words: 'Leave the tour', run: () => tour.leave() }] : []),
  ]
}

function themeCommands(): Command[] {
  return Object.entries(THEMES).flatMap(([name, words]) =>
    name === theme.value
      ? []
      : [{ value: `theme ${name}`, words: `Theme: ${words}`, run: () => setTheme(name as keyof typeof THEMES) }],
  )
}
