import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { formatBytes } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'
import { useWait } from '../kit/use-wait.ts'
import type { FetchedModuleView, FetchView, LinkView, TabModel } from '../model.ts'
import type { Page } from '../page.ts'
import { hashOf } from '../route.ts'
import { goTo } from '../router.ts'
import { SpawnSheets } from '../spawn/spawn-sheets.tsx'
import { Inviter } from './inviter.tsx'
import { LinkSteps, Retry } from './link-steps.tsx'
import { ModuleOrigin } from './module-origin.tsx'

/** Fetches the module of a link, asks the person, and makes a process of it here. */
export function SpawnLink({ model, page, link }: { model: TabModel; page: Page; link: LinkView }) {
  const { peer, cid = '', state } = link
  const progress = useSignal<FetchView | undefined>(undefined)
  const fetched = useSignal<FetchedModuleView | undefined>(undefined)
  const files = useSignal<readonly File[]>([])
  const attempt = useMemo(() => new Attempt(), [])
  const show = ({ name, bytes }: FetchedModuleView): void => {
    files.value = [new File([bytes], `${name === '' ? 'module' : name}.wasm`)]
  }
  const fetch = (): void =>
    void attempt.run(async (signal) => {
      progress.value = undefined
      const module = await model.fetchModule(cid, peer, signal, (now) => (progress.value = now))
      fetched.value = module
      show(module)
    })
  // If the peer of the link is not there, another one may have the module.
  const mayFetch = state === 'joined' || (state === 'trying' && model.badJoinLink.value !== undefined)
  useEffect(() => {
    if (mayFetch && !fetched.peek()) fetch()
  }, [mayFetch, state])
  useEffect(() => () => attempt.cancel(), [])
  const module = fetched.value
  const isFetching = attempt.since.value !== undefined
  const error = attempt.error.value
  if (state === 'own') {
    return (
      <>
        <Inviter peer={peer} isOwn />
        <h1>Run a copy of a module</h1>
        <p>Whoever opens the link gets the module from this page, while its process here shares it.</p>
      </>
    )
  }
  return (
    <>
      <Inviter peer={peer} isOwn={false} words="offers you a module" />
      <h1>{module === undefined || module.name === '' ? 'Run a copy of a module' : module.name}</h1>
      {module ? (
        <>
          <p>The module is here, and its bytes have the hash that the link names. It does not run yet.</p>
          <div class="row">
            <button type="button" class="button main" onClick={() => show(module)}>
              Look at it and decide
            </button>
          </div>
          <SpawnSheets
            model={model}
            files={files}
            intro={<ModuleOrigin cid={cid} module={module} from={peer} />}
            onDone={(pid) => {
              page.showMade(pid)
              goTo(hashOf('p', pid))
            }}
          />
        </>
      ) : (
        <>
          {isFetching ? (
            <FetchProgress progress={progress.value} since={attempt.since.value} onCancel={() => attempt.cancel()} />
          ) : (
            <LinkSteps model={model} link={link} />
          )}
          {error && <p role="alert">{error.message}</p>}
          {!isFetching && mayFetch && <Retry error={error ?? {}} onRetry={fetch} />}
          {!mayFetch && state === 'declined' && <Retry error={{}} onRetry={model.retryLink} />}
        </>
      )}
    </>
  )
}

interface FetchProgressProps {
  progress: FetchView | undefined
  since: number | undefined
  onCancel: () => void
}

function FetchProgress({ progress, since, onCancel }: FetchProgressProps) {
  const wait = useWait(since)
  const { peer = '', doneBytes = 0, totalBytes = 0, failures = [] } = progress ?? {}
  const words =
    totalBytes === 0
      ? `Asking ${peerWords(peer)} for the module…`
      : `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)} from ${peerWords(peer)}`
  return (
    <>
      {failures.map((failure) => (
        <p key={failure.peer} class="soft">
          {failure.error.message} Another peer is asked.
        </p>
      ))}
      {wait !== 'short' && (
        <div class="link-fetch">
          <span>{words}</span>
          <progress aria-label="Fetching the module" value={doneBytes} max={totalBytes === 0 ? 1 : totalBytes} />
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
        </div>
      )}
    </>
  )
}
