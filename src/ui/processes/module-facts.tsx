import { formatBinary, formatBytes } from '../kit/format.ts'
import { wishesOf } from './import-words.ts'
import type { Draft, ModuleView } from '../model.ts'
import { memoryWords } from './policy-words.ts'

const MiB = 1024 * 1024
/** Methods that are named. More would push the rest out of sight. */
const SHOWN_METHODS = 24

export interface ModuleFactsProps {
  draft: Draft
  /** The right to call others that the sheet gives. */
  mayCall: boolean
  /** The memory limit that the sheet gives, in bytes; undefined while the field is wrong. */
  capBytes: number | undefined
  onCapMiB: (mib: number) => void
}

/** What a file is, and what its module asks for. */
export function ModuleFacts({ draft, mayCall, capBytes, onCapMiB }: ModuleFactsProps) {
  const step = draft.step.value
  return (
    <dl class="facts">
      <dt>Size</dt>
      <dd>{formatBytes(draft.bytes)}</dd>
      {step.stage === 'ready' && (
        <>
          {step.snapshot && (
            <>
              <dt>Snapshot</dt>
              <dd>
                It goes on where the process was. Its arguments and environment stay unless you give others. What it has
                read of them it keeps, also its PID.
                {step.snapshot.hasKeys && ' It has all keys, and what they have in memory is kept.'}
              </dd>
            </>
          )}
          <dt>Methods</dt>
          <dd>
            <Methods names={step.module.methods} />
          </dd>
          <dt>Memory</dt>
          <dd>
            {memoryWords(step.module.startMemoryBytes, step.module.maxMemoryBytes, capBytes)}
            {capBytes !== undefined && step.module.startMemoryBytes > capBytes && (
              <TooMuch start={step.module.startMemoryBytes} onCapMiB={onCapMiB} />
            )}
          </dd>
          <dt>Asks for</dt>
          <dd>
            <Wishes module={step.module} mayCall={mayCall} />
          </dd>
        </>
      )}
    </dl>
  )
}

function Methods({ names }: { names: readonly string[] }) {
  return (
    <>
      {names.slice(0, SHOWN_METHODS).map((name) => (
        <span key={name} class="tag">
          {name}
        </span>
      ))}
      {names.length > SHOWN_METHODS && <span class="soft">and {names.length - SHOWN_METHODS} more</span>}
      {names.length === 1 && names[0] === '_start' && (
        <span class="soft"> A program: each message is a run of it, from stdin to stdout.</span>
      )}
    </>
  )
}

/** The module cannot start under the memory limit: says so, and offers a larger one. */
function TooMuch({ start, onCapMiB }: { start: number; onCapMiB: (mib: number) => void }) {
  const enough = 2 ** Math.ceil(Math.log2(start / MiB))
  return (
    <div class="warning">
      <span>That is more than the cap: it would not start.</span>{' '}
      <button type="button" class="button" onClick={() => onCapMiB(enough)}>
        Allow {formatBinary(enough * MiB)}
      </button>
    </div>
  )
}

function Wishes({ module: { imports }, mayCall }: { module: ModuleView; mayCall: boolean }) {
  const wishes = wishesOf(imports, mayCall)
  const title = imports.map(({ name }) => name).join(' ')
  if (wishes.length === 0) return <span title={title}>Nothing: it can neither read its message nor reply.</span>
  return (
    <ul class="wishes" title={title}>
      {wishes.map(({ what, words }) => (
        <li key={what}>
          <b>{what}</b> {words}
        </li>
      ))}
    </ul>
  )
}
