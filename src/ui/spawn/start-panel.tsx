import type { ComponentChildren } from 'preact'
import { useLayoutEffect } from 'preact/hooks'
import type { BundledActor, SpawnView, TabModel } from '../model.ts'
import { hadActors, noteActors } from './had-actors.ts'
import { RECIPE } from './recipe.ts'
import { useWait } from '../kit/use-wait.ts'

export interface StartPanelProps {
  model: TabModel
  onBundled: (actor: BundledActor) => void
  /** What stands beneath. */
  children?: ComponentChildren
}

/** How to get an actor: drop one, start a bundled one, or build one. */
export function StartPanel({ model, onBundled, children }: StartPanelProps) {
  const processes = model.processes.value
  // The root process is always in the list, once there is one.
  const isRead = processes.length > 0
  const isEmpty = isRead ? processes.every(({ root }) => root) : !hadActors()
  // Together with the list, since the page may be reloaded at any time.
  useLayoutEffect(() => {
    if (isRead) noteActors(!isEmpty)
  }, [isRead, isEmpty])
  return (
    <section class="start" aria-label="Start an actor">
      <div>
        <b>Drop a .wasm anywhere</b>
        <br />
        It becomes a live actor, callable by the peers you allow.
        {isEmpty && <pre class="recipe">{RECIPE}</pre>}
      </div>
      <div class="bundled">
        {model.bundled.value.map((actor) => (
          <button
            key={actor.file}
            type="button"
            class="button"
            title={actor.description}
            onClick={() => onBundled(actor)}
          >
            {actor.name}
          </button>
        ))}
      </div>
      {model.spawns.value.map((spawn) => (
        <SpawnProgress key={spawn.id} spawn={spawn} />
      ))}
      {children}
    </section>
  )
}

function SpawnProgress({ spawn }: { spawn: SpawnView }) {
  const wait = useWait(spawn.since)
  if (wait === 'short') return null
  const { name, stage } = spawn
  return (
    <div class="spawn">
      <span role="status">
        {name}: {stage}
      </span>
      <progress aria-label={`${name}: ${stage}`} />
      {wait === 'long' && (
        <button type="button" class="button" onClick={spawn.cancel}>
          Cancel {name}
        </button>
      )}
    </div>
  )
}
