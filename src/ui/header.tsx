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
      <Status status={model.mesh.value} />
      <Status status={model.http.value} class="wide-only" />
      <span class="grow" />
      {slot !== undefined && (
        <span class="soft wide-only" title="Number of this tab’s identity in this browser: each open tab has its own">
          slot {slot}
        </span>
      )}
      {tier && (
        <span class="soft mono" title={tier.why}>
          {tier.name}
          <span class="sr-only">: {tier.why}</span>
        </span>
      )}
      <AddActorInput onFiles={onFiles} />
    </header>
  )
}

function Status({ status, class: className = '' }: { status: StatusView; class?: string }) {
  return (
    <span class={`chip ${className}`} title={status.detail}>
      <span class={`dot ${status.level === 'idle' ? 'none' : status.level}`} />
      <span>{status.text}</span>
      <span class="sr-only">{status.detail}</span>
    </span>
  )
}
