import type { Signal } from '@preact/signals'
import { CopyButton } from '../kit/copy-button.tsx'
import type { TabModel } from '../model.ts'

/** What the person can do while no other peer is there. */
export function NoPeers({ model, joinShown }: { model: TabModel; joinShown: Signal<boolean> }) {
  const link = model.joinLink.value
  return (
    <section class="panel" aria-label="Peers">
      <h2>Nobody else is here yet</h2>
      <ul class="steps">
        <li>
          <span>
            <b>This computer</b>: open Glia in another tab. Each tab is a peer of its own.
          </span>
          <a class="button" href={model.basePath} target="_blank" rel="noopener">
            Open another tab
          </a>
        </li>
        <li>
          <span>
            <b>Another browser</b>: send someone the join link. Who opens it is on this mesh and can call this peer.
          </span>
          <CopyButton class="button" label="Copy the link" text={link ?? ''} disabled={!link}>
            Copy the link
          </CopyButton>
        </li>
        <li>
          <span>
            <b>A phone</b>: scan the join link from this screen.
          </span>
          <button type="button" class="button" disabled={!link} onClick={() => (joinShown.value = true)}>
            Show QR code
          </button>
        </li>
      </ul>
      {!link && (
        <p class="soft hint">
          There is no join link yet: no relay has reserved a place through which this peer is reached.
        </p>
      )}
    </section>
  )
}
