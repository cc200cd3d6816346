import { Console } from './console/console.tsx'
import type { ViewProps } from './page.ts'
import { killProcess, tellSwapped } from './process-acts.ts'
import { withDefaultPolicy } from './processes/default-policy.ts'
import { ProcessList, ProcessListState } from './processes/process-list.tsx'
import { StartPanel } from './spawn/start-panel.tsx'
import { TourOffer } from './tour/tour-offer.tsx'

/** The processes of this tab, and the console of the chosen one. */
export function ProcessesView({ model, page }: ViewProps) {
  const selected = page.selected.value
  const process = model.processes.value.find(({ pid }) => pid === selected)
  return (
    <>
      <div class="left">
        <StartPanel model={model} onBundled={(actor) => void page.spawnBundled(withDefaultPolicy(actor))}>
          <TourOffer model={model} page={page} />
        </StartPanel>
        <ProcessList
          processes={model.processes.value}
          figures={model.traced.value?.figures}
          state={page.kept(ProcessListState)}
          selected={selected}
          onSelect={(pid) => page.choose(pid)}
          onDrop={(...dropped) => page.askToSwap(...dropped)}
        />
      </div>
      {process && (
        <Console
          key={process.pid}
          model={model}
          process={process}
          state={page.consoleOf(process)}
          focusPid={page.focusPid}
          onKill={() => void killProcess(page, process, model)}
          onSwapped={(...swapped) => tellSwapped(page, process, ...swapped)}
        />
      )}
    </>
  )
}
