import { useSignal } from '@preact/signals'
import { type ComponentChildren, Fragment } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { CopyButton } from '../kit/copy-button.tsx'
import { Icon } from '../kit/icons.tsx'
import type { SharedLink } from '../model.ts'
import { useModal } from '../use-modal.ts'
import type { QrCode } from './qr-code.tsx'

export interface LinkDialogProps {
  title: string
  /** Undefined while there is none. */
  link: SharedLink | undefined
  /** Whom the link leads where. */
  words: string
  /** Choices, above the link. */
  children?: ComponentChildren
  /** Left out: the link is shown. Otherwise why it is not. */
  instead?: ComponentChildren
  /** What stands beneath the link. */
  more?: ComponentChildren
  onClose: () => void
}

/** A link as a code for cameras, as text for people, and for what the device sends things with. */
export function LinkDialog({ title, link, words, children, instead, more, onClose }: LinkDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useModal(dialog, onClose)
  return (
    <dialog
      ref={dialog}
      class="join"
      aria-labelledby="join-title"
      onClose={onClose}
      onClick={({ target, currentTarget }) => {
        // A click on the backdrop has the dialog as its target; a click inside has not.
        if (target === currentTarget) currentTarget.close()
      }}
    >
      <div>
        <h2 id="join-title">
          <span class="grow">{title}</span>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </h2>
        {children}
        {instead ?? (link ? <Link link={link} title={title} words={words} /> : <NoLink />)}
        {more}
      </div>
    </dialog>
  )
}

function NoLink() {
  return <p>This peer cannot be reached just now, so there is no link to it. It comes back when a relay does.</p>
}

function Link({ link: { href, scope }, title, words }: { link: SharedLink; title: string; words: string }) {
  const failed = useSignal<string | undefined>(undefined)
  const send = async (): Promise<void> => {
    failed.value = undefined
    try {
      await navigator.share({ title, url: href })
    } catch (thrown) {
      // Who closes the device's dialog has changed their mind.
      if (!(thrown instanceof DOMException && thrown.name === 'AbortError')) {
        failed.value = 'This device could not send it. Copy the link.'
      }
    }
  }
  return (
    <>
      {scope !== 'public' && <ScopeWarning scope={scope} />}
      <p>{words}</p>
      <div class="row">
        <CopyButton class="button main" label="Copy link" text={href}>
          Copy link
        </CopyButton>
        {'share' in navigator && (
          <button type="button" class="button" onClick={() => void send()}>
            Send…
          </button>
        )}
      </div>
      {failed.value !== undefined && (
        <p class="call-error" role="alert">
          {failed.value}
        </p>
      )}
      <Picture link={href} />
      <p class="join-link mono">{href}</p>
    </>
  )
}

/** Says before anybody scans the code that it leads nowhere from elsewhere, and what to do about that. */
function ScopeWarning({ scope }: { scope: 'loopback' | 'private' }) {
  return (
    <p class="scope-warning">
      <b>
        {scope === 'loopback' ? 'This link works on this machine only' : 'This link works in your own network only'}
      </b>
      , because the page or its relay has {scope === 'loopback' ? 'an address of this machine' : 'a private address'}.
      To invite others, start the server with a public address:{' '}
      {EXAMPLE.map((word) => (
        <Fragment key={word}>
          <span class="mono">{word}</span>{' '}
        </Fragment>
      ))}
      src/node/README.md shows how, under “Run your own relay”.
    </p>
  )
}

/** Each word stays whole: a browser breaks lines after a hyphen. */
const EXAMPLE = ['npm start --', '--announce', '/dns4/relay.example.org/tcp/443/wss']

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
  return <div class="qr-place">{Code.value && <Code.value text={link} label="The link as a QR code" />}</div>
}
