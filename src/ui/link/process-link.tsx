import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { ToldProcess } from '../../glia/told-process.ts'
import { Attempt } from '../kit/attempt.ts'
import type { LinkView, TabModel } from '../model.ts'
import { Inviter } from './inviter.tsx'
import { LinkCall } from './link-call.tsx'
import { LinkSteps, Retry } from './link-steps.tsx'
import type { Step } from './steps.ts'

/** Who invites, what the actor does, one box and one button. While it is not reached: which part is missing. */
export function ProcessLink({ model, link }: { model: TabModel; link: LinkView }) {
  const { peer, pid = '', key, method, state } = link
  const asked = useSignal<ToldProcess | undefined>(undefined)
  const attempt = useMemo(() => new Attempt(), [])
  const isReached = state === 'joined'
  const ask = (): void =>
    void attempt.run(async (signal) => {
      asked.value = await askedOf(model, link, signal)
    })
  useEffect(() => {
    if (isReached) ask()
    return () => attempt.cancel()
  }, [isReached])
  const own = state === 'own' ? model.processes.value.find((process) => process.pid === pid) : undefined
  const told = own ?? asked.value
  const isMissing = state === 'own' && !own
  if (!told) {
    const error = attempt.error.value
    const failed = error ?? (state === 'declined' ? {} : model.badJoinLink.value)
    return (
      <>
        <Inviter peer={peer} isOwn={state === 'own'} />
        <h1>An actor</h1>
        {isMissing ? (
          <p role="alert">This tab has no such process any more.</p>
        ) : (
          <LinkSteps model={model} link={link} last={actorStep(error)} />
        )}
        <Retry error={failed} onRetry={error ? ask : model.retryLink} />
      </>
    )
  }
  return (
    <>
      <Inviter peer={peer} isOwn={state === 'own'} />
      <h1>{told.name}</h1>
      {told.description !== undefined && <p>{told.description}</p>}
      <LinkCall
        model={model}
        peer={peer}
        pid={pid}
        told={told}
        hasKeys={own?.hasKeys ?? asked.value?.key ?? false}
        fixedKey={key}
        method={method}
      />
    </>
  )
}

/** A peer that tells nothing of its processes can be called all the same, by the method that the link names. */
async function askedOf(
  model: TabModel,
  { peer, pid = '', method }: LinkView,
  signal: AbortSignal,
): Promise<ToldProcess> {
  try {
    return await model.processOf(peer, pid, signal)
  } catch (thrown) {
    const { code } = thrown as { code?: unknown }
    if (code !== 'ERR_BAD_VERB' || method === undefined) throw thrown
    return { name: 'An actor', methods: [method] }
  }
}

function actorStep(error: { message: string } | undefined): Step {
  const what = 'The actor'
  return error ? { what, state: 'failed', words: error.message } : { what, state: 'now', words: 'is being asked' }
}
