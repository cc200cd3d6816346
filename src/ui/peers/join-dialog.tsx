import type { Signal } from '@preact/signals'
import type { TabModel } from '../model.ts'
import { LinkDialog } from './link-dialog.tsx'

/** The link with which others join this mesh. */
export function JoinDialog({ model, shown }: { model: TabModel; shown: Signal<boolean> }) {
  return (
    <LinkDialog
      title="Join this mesh"
      link={model.linkTo({})}
      words="Who scans this, or opens the link, is on this mesh and can call this peer while this page is open."
      onClose={() => (shown.value = false)}
    />
  )
}
