import { useEffect } from 'preact/hooks'
import { Logo } from '../kit/icons.tsx'
import type { LinkView, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { JoinConsent } from '../peers/join-consent.tsx'
import { hashOf, HOME } from '../route.ts'
import { LinkSteps } from './link-steps.tsx'
import { ProcessLink } from './process-link.tsx'
import { SpawnLink } from './spawn-link.tsx'

export interface LinkPageProps {
  model: TabModel
  page: Page
  /** The fragment of the URL: the link. */
  hash: string
}

/** What somebody sees who opens a link to a process or a module, mostly on a phone. */
export function LinkPage({ model, page, hash }: LinkPageProps) {
  const opened = model.openedLink.value
  // The model may still have the link before this one.
  const link = opened?.hash === hash ? opened : undefined
  const isSpawn = hash.startsWith('#spawn=')
  useEffect(() => {
    document.title = isSpawn ? 'A link to a module · Glia' : 'An invitation · Glia'
  }, [isSpawn])
  return (
    <main class="link-page">
      <div class="logo">
        <Logo />
        Glia
      </div>
      <div class="panel link-card">
        <LinkCard model={model} page={page} link={link} />
      </div>
      <p class="soft">
        <a href={hashOf(HOME)}>Open the full page</a>
      </p>
    </main>
  )
}

function LinkCard({ model, page, link }: { model: TabModel; page: Page; link: LinkView | undefined }) {
  const error = model.badJoinLink.value
  if (!link && error) {
    return (
      <>
        <h1>This link does not work</h1>
        <p role="alert">
          {error.message} <span class="mono soft">{error.code}</span>
        </p>
      </>
    )
  }
  if (!link) {
    return (
      <>
        <h1>Opening the link</h1>
        <LinkSteps model={model} link={link} />
      </>
    )
  }
  return (
    <>
      {link.state === 'asked' && <JoinConsent model={model} />}
      {link.kind === 'spawn' ? (
        <SpawnLink model={model} page={page} link={link} />
      ) : (
        <ProcessLink model={model} link={link} />
      )}
    </>
  )
}
