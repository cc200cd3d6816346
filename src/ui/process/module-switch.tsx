import { useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { CheckField } from '../kit/form-fields.tsx'
import type { ProcessSource, ProcessView } from '../model.ts'

/** Whether other peers get the module of a process. */
export function ModuleSwitch({ source, process: { pid, policy } }: { source: ProcessSource; process: ProcessView }) {
  const attempt = useMemo(() => new Attempt(), [pid])
  return (
    <div>
      <CheckField
        label="Share module: whoever has its CID, as in a link, gets the module and can run it"
        value={policy.shareModule}
        onEdit={(shareModule) => void attempt.run(async () => void (await source.setPolicy(pid, { shareModule })))}
      />
      <ErrorLine error={attempt.error.value} />
    </div>
  )
}
