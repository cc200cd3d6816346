import { CopyButton } from '../kit/copy-button.tsx'
import { ExitList } from './exit-list.tsx'
import { formatBytes, shortId } from '../kit/format.ts'
import { peerWords } from '../kit/peer-names.ts'
import type { ProcessSource, ProcessView, TabModel, TieView } from '../model.ts'
import { PolicyEditor } from './policy-editor.tsx'
import { callWords, limitWords, methodWords, RESTART_WORDS } from './policy-words.ts'
import { keysWords } from './process-state.tsx'
import { StorageWords } from '../kit/storage-words.tsx'
import { ProcessFilesView } from './process-files.tsx'
import { ReplaceButton } from './replace-button.tsx'
import { hashOfProcess } from '../route.ts'
import { joinArgs } from './split-args.ts'

export interface ProcessFactsProps {
  model: TabModel
  /** Whoever has the process. Left out: this tab. */
  source?: ProcessSource
  process: ProcessView
  /** Called when the person has chosen a new version of the module. */
  onSwapFile: (file: File) => void
}

/** All rarely needed facts about a process: its module, its policy, its files, its ends. */
export function ProcessFacts({ model, source = model, process, onSwapFile }: ProcessFactsProps) {
  const { host, args, env, exits, root, hasKeys } = process
  const variables = Object.entries(env)
  return (
    <dl class="facts fold-body">
      <dt>PID</dt>
      <dd>
        <CopyButton class="id-button" text={process.pid} label={`Copy PID ${process.pid}`}>
          <span class="mono wrap">{process.pid}</span>
        </CopyButton>
      </dd>
      <dt>Module</dt>
      <dd>
        <Module process={process} />
        {!root && <ReplaceButton onFile={onSwapFile} />}
      </dd>
      {args.length > 0 && (
        <>
          <dt>Arguments</dt>
          <dd class="mono wrap">{joinArgs(args)}</dd>
        </>
      )}
      {variables.length > 0 && (
        <>
          <dt>Environment</dt>
          <dd class="mono wrap">
            {variables.map(([key, value]) => (
              <div key={key}>
                {key}={value}
              </div>
            ))}
          </dd>
        </>
      )}
      <PolicyFacts model={source} process={process} />
      {source.files && !hasKeys && (
        <>
          <dt>Files in /data</dt>
          <dd>
            <ProcessFilesView files={source.files} process={process} />
            {host === undefined && model.storage.value === 'refused' && <StorageWords model={model} />}
          </dd>
        </>
      )}
      {host === undefined && (
        <>
          <dt>Calls</dt>
          <dd>
            <a href={hashOfProcess(process, 'calls')}>Show its calls</a>
          </dd>
        </>
      )}
      {!hasKeys && (
        <>
          <dt>Ended</dt>
          <dd>{exits.length === 0 ? 'not so far' : <ExitList exits={exits} />}</dd>
        </>
      )}
    </dl>
  )
}

/** Who may call a process, its limits, when it comes back, and the processes that it is tied to. */
export function PolicyFacts({
  model,
  process,
}: {
  model: Pick<ProcessSource, 'setPolicy' | 'restart'>
  process: ProcessView
}) {
  const { policy, restart, ties, hasKeys } = process
  return (
    <>
      <dt>Who may call</dt>
      <dd>
        {callWords(policy)}
        {typeof policy.callers !== 'string' &&
          policy.callers.map((peer) => (
            <div key={peer} class="mono wrap">
              {peer}
            </div>
          ))}
        {methodWords(policy).map((words) => (
          <div key={words}>{words}</div>
        ))}
        {[...(policy.callTo === 'any' ? [] : policy.callTo), ...policy.http].map((target) => (
          <div key={target} class="mono wrap">
            {target}
          </div>
        ))}
        <PolicyEditor key={process.pid} model={model} process={process} />
      </dd>
      <dt>Limits</dt>
      <dd>
        {hasKeys && <div>At most {keysWords(policy.maxKeys)}. Each has these limits for itself:</div>}
        {limitWords(policy).map((words) => (
          <div key={words}>{words}</div>
        ))}
        {!policy.trace && <div>Its calls are not recorded.</div>}
        {policy.trace && policy.keepHeads && <div>The record of its calls has the first 4 KiB of each message.</div>}
      </dd>
      <dt>Restart</dt>
      <dd>
        {restart.type}: {RESTART_WORDS[restart.type]}
      </dd>
      {ties.length > 0 && (
        <>
          <dt>Tied to</dt>
          <dd>
            {ties.map((tie) => (
              <div key={`${tie.kind} ${tie.pid} ${tie.method}`} title={tie.pid}>
                {tieWords(tie)}
              </div>
            ))}
          </dd>
        </>
      )}
    </>
  )
}

function Module({ process: { cid, moduleBytes } }: { process: ProcessView }) {
  return (
    <div>
      {formatBytes(moduleBytes)},{' '}
      <CopyButton class="id-button" text={cid} label={`Copy CID ${cid}`} shown={shortId(cid)}>
        <span class="mono soft">{shortId(cid)}</span>
      </CopyButton>
    </div>
  )
}

function tieWords({ kind, name: given, host, method }: TieView): string {
  const name = host === undefined ? given : `the process ${shortId(given)} of the peer ${peerWords(host)}`
  if (kind === 'linked') return `Linked with ${name}: they end together.`
  return kind === 'watcher' ? `${name} is told when it ends, in ${method}.` : `Is told when ${name} ends, in ${method}.`
}
