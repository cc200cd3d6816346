import type { ComponentChildren } from 'preact'
import { CopyButton } from './copy-button.tsx'
import { AddActorInput } from './add-actor.tsx'
import { shortId } from './format.ts'
import { Identicon } from './identicon.tsx'
import { Logo } from './icons.tsx'
import type { StatusView, TabModel } from './model.ts'

/** Who this peer is, whether it is on the mesh, how its actors do their I/O. */
export function Header({ model, onFiles }: { model: TabModel; onFiles: (files: File[]) => void }) {
  const peerId = model.peerId.value
  const slot = model.slot.value
  const tier = model.tier.value
  return (
    <header>
      <span class="logo">
        <Logo />
        <h1>Glia</h1>
      </span>
      {peerId && (
        <CopyButton class="chip" text={peerId} label={`Copy peer id ${peerId}`}>
          <Identicon text={peerId} />
          <span class="mono">{shortId(peerId)}</span>
        </CopyButton>
      )}
      <Status id="mesh" status={model.mesh.value} />
      <Status id="http" status={model.http.value} class="wide-only" />
      <span class="grow" />
      {tier && slot !== undefined && (
        <Explained id="tier" class="soft mono" words={`slot ${slot} · ${tier.name}`}>
          <p>
            <b>Slot {slot}</b>: the number of this tab’s identity in this browser. Each open tab has its own.
          </p>
          <p>
            <b>{tier.name}</b>: how messages get into the actors. {tier.why}
          </p>
        </Explained>
      )}
      <AddActorInput onFiles={onFiles} />
    </header>
  )
}

function Status({ id, status, class: className = '' }: { id: string; status: StatusView; class?: string }) {
  const words = (
    <>
      <span class={`dot ${status.level === 'idle' ? 'none' : status.level}`} />
      {status.text}
    </>
  )
  return (
    <Explained id={id} class={className} words={words}>
      {status.detail}
    </Explained>
  )
}

/** A few words that a click explains. */
function Explained(props: { id: string; class: string; words: ComponentChildren; children: ComponentChildren }) {
  return (
    <>
      <button type="button" class={`chip ${props.class}`} popovertarget={`${props.id}-explained`}>
        {props.words}
      </button>
      <div id={`${props.id}-explained`} class="explained" popover="auto">
        {props.children}
      </div>
    </>
  )
}
