import { useId } from 'preact/hooks'
import { PROTOCOL } from '../../glia/address.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import type { ProcessView, TabModel } from '../model.ts'
import { callWords } from '../processes/policy-words.ts'
import { hashOf } from '../route.ts'

/** Shows the addresses under which others call a process, and says whether they may. */
export function ShareButton({ model, process }: { model: TabModel; process: ProcessView }) {
  const id = useId()
  const { pid, methods, policy } = process
  const peerId = model.peerId.value
  const gateway = model.gateway.value
  const join = model.joinLink.value
  return (
    <>
      <button type="button" class="button" popovertarget={id}>
        Share
      </button>
      <div id={id} class="explained share" popover="auto" role="dialog" aria-label={`Share ${process.name}`}>
        <p>
          {callWords(policy)} <a href={hashOf('p', pid, 'policy')}>Change that</a>
        </p>
        <p class="soft">The address of each method, to copy:</p>
        <ul class="plain">
          {methods.map((method) => (
            <li key={method}>
              <CopyButton
                class="id-button"
                label={`Copy ${PROTOCOL}/${peerId}/${pid}/${method}`}
                text={`${PROTOCOL}/${peerId}/${pid}/${method}`}
              >
                <span class="mono">{method}</span>
              </CopyButton>
            </li>
          ))}
        </ul>
        {gateway !== undefined && (
          <p class="soft">
            For programs that speak HTTP the addresses begin with{' '}
            <span class="mono wrap">{gateway.replace(/\/$/, '')}</span>.
          </p>
        )}
        {join === undefined ? (
          <p class="soft">No relay has room for this tab now, so only this browser reaches it.</p>
        ) : (
          <CopyButton class="button" label="Copy join link" text={join}>
            Copy join link
          </CopyButton>
        )}
      </div>
    </>
  )
}
