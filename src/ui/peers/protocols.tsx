import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { peerWords } from '../kit/peer-names.ts'

/** The number of protocols that a peer speaks. A click lists them. */
export function Protocols({ protocols, peerId }: { protocols: readonly string[]; peerId: string }) {
  const id = useId()
  /** A hundred rows have thousands of protocols. */
  const isAsked = useSignal(false)
  return (
    <>
      <button
        type="button"
        class="link"
        popovertarget={id}
        aria-label={`${protocols.length === 1 ? '1 protocol' : `${protocols.length} protocols`} of ${peerWords(peerId)}`}
      >
        {protocols.length}
      </button>
      <div
        id={id}
        class="explained near"
        popover="auto"
        onBeforeToggle={({ newState }) => (isAsked.value = newState === 'open')}
      >
        {isAsked.value && (
          <>
            <b>Protocols of {peerWords(peerId)}</b>
            <ul class="protocols mono">
              {protocols.map((protocol) => (
                <li key={protocol}>{protocol}</li>
              ))}
            </ul>
          </>
        )}
      </div>
    </>
  )
}
