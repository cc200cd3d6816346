import { signal } from '@preact/signals'
import type { ArchiveView } from '../model.ts'
import { Attempt } from '../kit/attempt.ts'

/** State of the export, the import and the erasure. It is kept while another view is shown. */
export class EverythingState {
  readonly exporting = new Attempt()
  readonly importing = new Attempt()
  readonly erasing = new Attempt()
  readonly withIdentity = signal(false)
  /** Whether the identity can be in a file; undefined until that is known. */
  readonly isPortable = signal<boolean | undefined>(undefined)
  /** What the last file has not got, one sentence each; undefined before there was one. */
  readonly notes = signal<readonly string[] | undefined>(undefined)
  /** The archive that was opened; undefined if there is none. */
  readonly archive = signal<ArchiveView | undefined>(undefined)
  readonly placing = signal<'add' | 'replace'>('add')
  readonly takesIdentity = signal(false)
  readonly takesManagers = signal(false)
  /** True while the person is asked whether to erase everything. */
  readonly asksToErase = signal(false)
  readonly asksToRenew = signal(false)
}
