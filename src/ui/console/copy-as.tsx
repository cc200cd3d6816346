import { useId } from 'preact/hooks'
import { PROTOCOL } from '../../glia/address.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import type { TabModel } from '../model.ts'
import { type CallLineInit, curlLine, fetchLine, gliaLine, goLine } from './call-line.ts'
import type { ConsoleState } from './console-state.ts'

export interface CopyAsProps {
  model: TabModel
  address: string
  state: ConsoleState
}

const PROGRAMS: Readonly<Record<string, (init: CallLineInit) => string>> = {
  curl: curlLine,
  'glia call': gliaLine,
  Go: goLine,
}

/** Copies the call for a page of this origin, and for programs that reach it through the gateway. */
export function CopyAs({ model, address, state }: CopyAsProps) {
  const id = useId()
  const gateway = model.gateway.value
  const peerId = model.peerId.value
  // Bytes that were typed in hexadecimal are no text: the lines read them from a file.
  const body = (): string | undefined =>
    state.file.value || state.format.value === 'hex' ? undefined : state.text.value
  /** Others know this tab by its peer id. */
  const outside = address.replace(`${PROTOCOL}/self/`, `${PROTOCOL}/${peerId}/`)
  return (
    <>
      <button type="button" class="button" popovertarget={id}>
        Copy as…
      </button>
      <div id={id} class="explained copy-as" popover="auto" role="dialog" aria-label="Copy the call as">
        <CopyButton class="button" label="Copy as fetch" text={() => fetchLine(model.basePath, address, body())}>
          fetch
        </CopyButton>
        {gateway !== undefined &&
          peerId !== undefined &&
          Object.entries(PROGRAMS).map(([name, line]) => (
            <CopyButton
              key={name}
              class="button"
              label={`Copy as ${name}`}
              text={() => line({ gateway, address: outside, body: body() })}
            >
              {name}
            </CopyButton>
          ))}
        {gateway === undefined && (
          <p class="soft">The server of this page is no gateway, so only pages of this origin reach the process.</p>
        )}
      </div>
    </>
  )
}
