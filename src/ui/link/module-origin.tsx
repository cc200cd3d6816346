import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Identicon } from '../kit/identicon.tsx'
import { PeerName } from '../kit/peer-name.tsx'
import type { FetchedModuleView } from '../model.ts'
import { type ModuleParts, PartList, partsOf } from '../processes/module-parts.tsx'

export interface ModuleOriginProps {
  cid: string
  module: FetchedModuleView
  /** The peer that made the link. */
  from: string
}

/** Where a module of a link came from, and what it imports and exports, above the settings of its new process. */
export function ModuleOrigin({ cid, module: { peer, bytes }, from }: ModuleOriginProps) {
  const parts = useSignal<ModuleParts | undefined>(undefined)
  useEffect(() => {
    // A file that is no module has no parts. The sheet says what is wrong with it.
    partsOf(new Blob([bytes])).then(
      (found) => (parts.value = found),
      () => undefined,
    )
  }, [bytes])
  return (
    <>
      <p class="inviter">
        <Identicon text={from} />
        <span>
          <PeerName id={from} /> sent you the link.{' '}
          {peer !== from && (
            <>
              The module came from <PeerName id={peer} />.{' '}
            </>
          )}
          Run it only if you trust who made it. It runs in a worker of its own, without network, and may do what you
          allow below.
        </span>
      </p>
      <details class="fold">
        <summary>
          Imports, exports, CID <span class="soft mono wrap">{cid}</span>
        </summary>
        <dl class="facts fold-body">
          <dt>CID</dt>
          <dd class="mono wrap">{cid}</dd>
          <dt>Imports</dt>
          <dd>
            <PartList parts={parts.value?.imports} />
          </dd>
          <dt>Exports</dt>
          <dd>
            <PartList parts={parts.value?.exports} />
          </dd>
        </dl>
      </details>
    </>
  )
}
