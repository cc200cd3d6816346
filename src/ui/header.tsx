import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { CopyButton } from './kit/copy-button.tsx'
import { AddActorInput } from './spawn/add-actor.tsx'
import { shortId } from './kit/format.ts'
import { Identicon } from './kit/identicon.tsx'
import { Icon, Logo } from './kit/icons.tsx'
import type { StatusView, TabModel } from './model.ts'
import { spokenStatus } from './spoken-status.ts'

export interface HeaderProps {
  model: TabModel
  /** True while the join link is shown as a QR code. */
  joinShown: Signal<boolean>
  onFiles: (files: File[]) => void
}

/** Who this peer is, whether it is on the mesh, how to invite others, and the tier of its actors. */
export function Header({ model, joinShown, onFiles }: HeaderProps) {
  const link = model.joinLink.value
  const peerId = model.peerId.value
  const slot = model.slot.value
  const tier = model.tier.value
  return (
    <header>
      <span class="logo">
        <Logo />
        <h1>Glia</h1>
      </span>
      {peerId ? (
        <CopyButton class="chip peer-chip" text={peerId} label={`Copy peer id ${peerId}`} shown={shortId(peerId)}>
          <Identicon text={peerId} />
          <span class="mono">{shortId(peerId)}</span>
        </CopyButton>
      ) : (
        <PeerChipPlace />
      )}
      <Status id="mesh" class="mesh-chip" status={model.mesh.value} />
      <span class="sr-only" role="status">
        {spokenStatus(model.mesh.value)}
      </span>
      <Status id="http" status={model.http.value} class="wide-only" />
      <span class="grow" />
      {tier && slot !== undefined && (
        <Explained id="tier" class="tier soft mono" words={<TierWords slot={slot} name={tier.name} />}>
          <p>
            <b>Slot {slot}</b>: the number of this tab’s identity in this browser. Each open tab has its own.
          </p>
          <p>
            <b>{tier.name}</b>: how messages get into the actors. {tier.why}
          </p>
        </Explained>
      )}
      <span class="join-buttons">
        <CopyButton class="button" label="Copy join link" text={link ?? ''} disabled={!link}>
          <span class="roomy-only">Copy join link</span>
        </CopyButton>
        <button
          type="button"
          class="button"
          title="Show the join link as a QR code"
          aria-label="Show the join link as a QR code"
          disabled={!link}
          onClick={() => (joinShown.value = true)}
        >
          <Icon name="qr" />
        </button>
      </span>
      <AddActorInput onFiles={onFiles} />
    </header>
  )
}

/** Any peer id takes this width: the font is monospaced. */
const PLACE_TEXT = shortId('0'.repeat(52))

/** Keeps the room of the peer's chip until the peer id is known, so that nothing moves then. */
function PeerChipPlace() {
  return (
    <span class="chip peer-chip place" aria-hidden="true">
      <span class="identicon" />
      <span class="mono">{PLACE_TEXT}</span>
      <Icon name="copy" />
    </span>
  )
}

function TierWords({ slot, name }: { slot: number; name: string }) {
  return (
    <span>
      <span class="wide-only">slot {slot} · </span>
      {name}
    </span>
  )
}

function Status({ id, status, class: className = '' }: { id: string; status: StatusView; class?: string }) {
  const words = (
    <>
      <span class={`dot ${status.level === 'idle' ? 'none' : status.level}`} />
      <span class="words">{status.text}</span>
    </>
  )
  return (
    <Explained id={id} class={className} words={words}>
      {status.detail}
    </Explained>
  )
}

/** A few words. A click shows the explanation. */
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
