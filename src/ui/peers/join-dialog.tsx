import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { CopyButton } from '../kit/copy-button.tsx'
import { Icon } from '../kit/icons.tsx'
import type { TabModel } from '../model.ts'
import type { QrCode } from './qr-code.tsx'

/** The join link as a code for cameras and as text for people. */
export function JoinDialog({ model, shown }: { model: TabModel; shown: Signal<boolean> }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const link = model.joinLink.value
  return (
    <dialog
      ref={dialog}
      class="join"
      aria-labelledby="join-title"
      onClose={() => (shown.value = false)}
      onClick={({ target, currentTarget }) => {
        // A click on the backdrop has the dialog as its target; a click inside has not.
        if (target === currentTarget) currentTarget.close()
      }}
    >
      <div>
        <h2 id="join-title">
          <span class="grow">Join this mesh</span>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </h2>
        {link ? (
          <>
            <p>Who scans this, or opens the link, is on this mesh and can call this peer while this page is open.</p>
            <Picture link={link} />
            <p class="join-link mono">{link}</p>
            <CopyButton class="button main" label="Copy link" text={link}>
              Copy link
            </CopyButton>
          </>
        ) : (
          <p>This peer cannot be reached just now, so there is no link to it. It comes back when a relay does.</p>
        )}
      </div>
    </dialog>
  )
}

/** The code, once its module is loaded. The link stands beneath it in any case. */
function Picture({ link }: { link: string }) {
  const Code = useSignal<typeof QrCode | undefined>(undefined)
  const failed = useSignal(false)
  useEffect(() => {
    import('./qr-code.tsx').then(
      (module) => (Code.value = module.QrCode),
      () => (failed.value = true), // Offline, and the module is not cached. A sentence below says so.
    )
  }, [])
  if (failed.value) return <p role="alert">The code could not be loaded. The link works all the same.</p>
  return <div class="qr-place">{Code.value && <Code.value text={link} label="The join link as a QR code" />}</div>
}
