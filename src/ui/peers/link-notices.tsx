import type { TabModel } from '../model.ts'
import { BadJoinLink } from './bad-join-link.tsx'
import { JoinConsent } from './join-consent.tsx'

/** What there is to say and to ask about the page's own link. */
export function LinkNotices({ model }: { model: TabModel }) {
  return (
    <>
      <BadJoinLink model={model} />
      <JoinConsent model={model} />
    </>
  )
}
