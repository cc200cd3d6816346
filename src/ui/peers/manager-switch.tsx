import { useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { CheckField } from '../kit/form-fields.tsx'
import type { TabModel } from '../model.ts'

/** Whether a peer may make and manage processes here. */
export function ManagerSwitch({ model, id }: { model: TabModel; id: string }) {
  const attempt = useMemo(() => new Attempt(), [id])
  return (
    <div class="field">
      <CheckField
        label="It may make, change and end all processes of this browser"
        value={model.people.value.managers?.includes(id) ?? false}
        onEdit={(isManager) => void attempt.run(() => model.setManager(id, isManager))}
      />
      <ErrorLine error={attempt.error.value} />
    </div>
  )
}
