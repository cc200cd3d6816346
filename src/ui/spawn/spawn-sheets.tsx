import { type Signal, untracked, useSignalEffect } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { GivenPolicy } from '../../glia/process/policy.ts'
import type { TabModel } from '../model.ts'
import { SpawnQueue } from './spawn-queue.ts'
import { SpawnSheet } from './spawn-sheet.tsx'

export interface SpawnSheetsProps {
  model: Pick<TabModel, 'draft'>
  /** Files that are to become processes. This view takes them out. */
  files: Signal<readonly File[]>
  /** With what the sheets begin, in place of the policy that new processes of this browser get. */
  policy?: GivenPolicy | undefined
  /** What stands above the settings. */
  intro?: ComponentChildren
  /** Called when all files are done, with the first process that they became. */
  onDone: (pid: string) => void
}

/** The sheets of the files that were dropped or chosen, one after the other. */
export function SpawnSheets({ model, files, policy, intro, onDone }: SpawnSheetsProps) {
  const firstMade = useRef<string | undefined>(undefined)
  const queue = useMemo(
    () => new SpawnQueue({ draft: model.draft, policy, started: (pid) => (firstMade.current ??= pid) }),
    [model],
  )
  useSignalEffect(() => {
    const given = files.value
    if (given.length === 0) return
    files.value = []
    untracked(() => queue.add(given))
  })
  const onClosed = (): void => {
    const pid = firstMade.current
    firstMade.current = undefined
    if (pid !== undefined) onDone(pid)
  }
  const sheet = queue.sheet.value
  return sheet ? <SpawnSheet queue={queue} sheet={sheet} intro={intro} onClosed={onClosed} /> : null
}
