import { type Signal, useSignalEffect } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { PeerInfo } from '../../mesh/presence/peer-info.ts'
import { Attempt } from '../kit/attempt.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { TabModel } from '../model.ts'
import { showError } from '../kit/notices.tsx'
import { useWait } from '../kit/use-wait.ts'

export interface PeerActionsProps {
  model: TabModel
  peer: PeerInfo
  /** Whether the processes of the peer are shown. */
  isOpen: Signal<boolean>
}

/** The buttons for one peer. */
export function PeerActions({ model, peer: { peerId, link, processes }, isOpen }: PeerActionsProps) {
  const attempt = useMemo(() => new Attempt(), [])
  const wait = useWait(attempt.since.value)
  const short = peerWords(peerId)
  const isConnected = link !== 'none'
  useSignalEffect(() => {
    const error = attempt.error.value
    if (error) showError(`${short}: ${isConnected ? 'still connected' : 'not connected'}`, error)
  })
  const change = (signal: AbortSignal): Promise<unknown> =>
    isConnected ? model.disconnect(peerId) : model.connect(peerId, signal)
  return (
    <div class="row">
      {processes && (
        <button
          type="button"
          class="button"
          aria-expanded={isOpen.value}
          aria-label={`Processes of ${short}`}
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          Processes
        </button>
      )}
      {wait === 'long' && !isConnected ? (
        <button
          type="button"
          class="button"
          aria-label={`Cancel connecting to ${short}`}
          onClick={() => attempt.cancel()}
        >
          Cancel
        </button>
      ) : (
        <button
          type="button"
          class="button"
          aria-label={`${isConnected ? 'Disconnect' : 'Connect to'} ${short}`}
          aria-busy={wait !== 'short'}
          onClick={() => void attempt.run(async (signal) => void (await change(signal)))}
        >
          {wait === 'short' ? (isConnected ? 'Disconnect' : 'Connect') : isConnected ? 'Leaving…' : 'Connecting…'}
        </button>
      )}
    </div>
  )
}
