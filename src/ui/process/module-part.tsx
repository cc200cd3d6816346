import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { CopyButton } from '../kit/copy-button.tsx'
import { download } from '../kit/download.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatBytes } from '../kit/format.ts'
import type { ProcessSource, ProcessView } from '../model.ts'
import type { Page } from '../page.ts'
import { type ModuleParts, PartList, partsOf } from '../processes/module-parts.tsx'
import { wishesOf } from '../processes/import-words.ts'
import { ReplaceButton } from '../processes/replace-button.tsx'
import { joinArgs } from '../processes/split-args.ts'
import { ModuleSwitch } from './module-switch.tsx'

export interface ModulePartProps {
  source: ProcessSource
  page: Page
  process: ProcessView
}

/** The module that a process runs, and how it is started. */
export function ModulePart({ source, page, process }: ModulePartProps) {
  const { moduleOf } = source
  const { pid, cid, moduleBytes, methods, args, env, root, policy, name } = process
  const parts = useSignal<ModuleParts | undefined>(undefined)
  const reading = useMemo(() => new Attempt(), [cid])
  const saving = useMemo(() => new Attempt(), [cid])
  useEffect(() => {
    parts.value = undefined
    if (moduleOf) void reading.run(async () => void (parts.value = await partsOf(await moduleOf(pid))))
  }, [pid, cid, moduleOf])
  const variables = Object.entries(env)
  const wishes = parts.value && wishesOf(parts.value.imports, policy.call !== 'off')
  return (
    <dl class="facts field-facts">
      <dt>CID</dt>
      <dd>
        <CopyButton class="id-button" text={cid} label={`Copy CID ${cid}`}>
          <span class="mono wrap">{cid}</span>
        </CopyButton>
      </dd>
      <dt>Size</dt>
      <dd>
        {formatBytes(moduleBytes)}
        <div class="row">
          {moduleOf && (
            <button
              type="button"
              class="button"
              onClick={() => void saving.run(async () => download(await moduleOf(pid), `${name}.wasm`))}
            >
              Download
            </button>
          )}
          {!root && <ReplaceButton onFile={(file) => page.askToSwap(process, file, source)} />}
        </div>
        <ErrorLine error={saving.error.value} />
      </dd>
      <dt>Sharing</dt>
      <dd>
        <ModuleSwitch source={source} process={process} />
      </dd>
      <dt>Methods</dt>
      <dd>
        {methods.map((method) => (
          <span key={method} class="tag">
            {method}
          </span>
        ))}
      </dd>
      {wishes && (
        <>
          <dt>Asks for</dt>
          <dd>
            <ul class="wishes">
              {wishes.map(({ what, words }) => (
                <li key={what}>
                  <b>{what}</b> {words}
                </li>
              ))}
            </ul>
          </dd>
        </>
      )}
      {moduleOf && (
        <>
          <dt>Imports</dt>
          <dd>
            <PartList parts={parts.value?.imports} />
            <ErrorLine error={reading.error.value} />
          </dd>
          <dt>Exports</dt>
          <dd>
            <PartList parts={parts.value?.exports} />
          </dd>
        </>
      )}
      <dt>Arguments</dt>
      <dd class="mono wrap">{args.length === 0 ? '–' : joinArgs(args)}</dd>
      <dt>Environment</dt>
      <dd class="mono wrap">
        {variables.length === 0
          ? '–'
          : variables.map(([key, value]) => (
              <div key={key}>
                {key}={value}
              </div>
            ))}
      </dd>
    </dl>
  )
}
