import { useSignal } from '@preact/signals'
import { PROTOCOL } from '../../glia/address.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { TextField } from '../kit/form-fields.tsx'
import { readTypedKey } from '../kit/typed-key.ts'
import type { ProcessView, TabModel } from '../model.ts'
import { LinkDialog } from '../peers/link-dialog.tsx'
import { callWords } from '../processes/policy-words.ts'
import { hashOf } from '../route.ts'
import { ModuleSwitch } from './module-switch.tsx'

export interface ShareDialogProps {
  model: TabModel
  process: ProcessView
  onClose: () => void
}

/** A link with which others call a process, or run a copy of its module. Says whether they may. */
export function ShareDialog({ model, process, onClose }: ShareDialogProps) {
  const { pid, name, methods, policy, cid, hasKeys } = process
  const isCopy = useSignal(false)
  const method = useSignal('')
  const key = useSignal('')
  // A new version of the module may lack the chosen method.
  const chosen = methods.includes(method.value) ? method.value : undefined
  const named = hasKeys && key.value !== '' ? readTypedKey(key.value) : undefined
  const hasWrongKey = !isCopy.value && named?.fault !== undefined
  const target = isCopy.value ? { cid } : { pid, key: named?.key, method: chosen }
  return (
    <LinkDialog
      title={`Share ${name}`}
      link={model.linkTo(target)}
      words={
        isCopy.value
          ? 'Who opens the link gets the module, sees what it asks for, and decides whether to run a copy of it.'
          : 'Who opens the link sees what the actor does, with a box for a message and a button, while this page is open.'
      }
      instead={
        isCopy.value && !policy.shareModule ? (
          <p>Its module is not shared, so a link to it would lead to nothing.</p>
        ) : hasWrongKey ? (
          <p>While the key is wrong there is no link.</p>
        ) : undefined
      }
      more={<Addresses model={model} process={process} />}
      onClose={onClose}
    >
      <div class="choices">
        {[false, true].map((each) => (
          <button
            key={String(each)}
            type="button"
            class="button"
            aria-pressed={isCopy.value === each}
            onClick={() => (isCopy.value = each)}
          >
            {each ? 'Run a copy' : 'Call it here'}
          </button>
        ))}
      </div>
      {isCopy.value ? (
        <ModuleSwitch source={model} process={process} />
      ) : (
        <>
          <p class="soft">
            {callWords(policy, chosen)} <a href={hashOf('p', pid, 'policy')}>Change that</a>
          </p>
          {hasKeys && (
            <TextField
              label="Key"
              placeholder="who opens it gives one"
              value={key.value}
              error={named?.fault}
              onEdit={(given) => (key.value = given)}
            />
          )}
          {methods.length > 1 && (
            <label class="share-method">
              Method
              <select value={chosen ?? ''} onChange={({ currentTarget }) => (method.value = currentTarget.value)}>
                <option value="">who opens it chooses</option>
                {methods.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </label>
          )}
        </>
      )}
    </LinkDialog>
  )
}

/** The addresses under which programs call a process. */
function Addresses({ model, process: { pid, methods, hasKeys } }: { model: TabModel; process: ProcessView }) {
  const peerId = model.peerId.value
  const gateway = model.gateway.value
  return (
    <details class="fold">
      <summary>Addresses for programs</summary>
      <div class="fold-body">
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
        {hasKeys && <p class="soft">Each call needs a key: behind the PID with a colon, or over HTTP as ?key=….</p>}
        {gateway !== undefined && (
          <p class="soft">
            For programs that speak HTTP the addresses begin with{' '}
            <span class="mono wrap">{gateway.replace(/\/$/, '')}</span>.
          </p>
        )}
      </div>
    </details>
  )
}
