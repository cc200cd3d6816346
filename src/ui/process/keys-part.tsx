import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { KeyList, ListedKey } from '../../actors/table/key-list.ts'
import type { ConsoleState } from '../console/console-state.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { FilterField } from '../kit/filter-field.tsx'
import { formatBytes, formatCount, formatMoment } from '../kit/format.ts'
import { wordsOf } from '../kit/notices.tsx'
import { useKeptFocus } from '../kit/use-kept-focus.ts'
import { type Column, TableState, VirtualTable } from '../kit/virtual-table.tsx'
import type { ProcessSource, ProcessView } from '../model.ts'
import { ProcessState } from '../processes/process-state.tsx'
import { hashOfProcess } from '../route.ts'
import { goTo } from '../router.ts'
import { findKeys } from './find-keys.ts'

export interface KeysPartProps {
  source: Pick<ProcessSource, 'keys' | 'kill' | 'restart'>
  process: ProcessView
  /** Its key is the chosen one. */
  state: ConsoleState
}

/** The keys of a process that has an instance for each. The chosen one is called in the console. */
export function KeysPart({ source, process, state }: KeysPartProps) {
  const { pid, keys: count, messages, memoryBytes } = process
  const table = useMemo(() => new TableState(`keys of ${pid}`), [pid])
  const place = useRef<HTMLDivElement>(null)
  useKeptFocus(place, 'tr[data-key]')
  const found = useSignal<KeyList | undefined>(undefined)
  const failure = useSignal<ReturnType<typeof wordsOf> | undefined>(undefined)
  /** Why the last act failed. */
  const wrong = useSignal<ReturnType<typeof wordsOf> | undefined>(undefined)
  const acts = useSignal(0)
  const filter = table.filter.value
  useEffect(() => {
    const ended = new AbortController()
    const look = async (): Promise<void> => {
      try {
        const list = await findKeys(source, pid, filter, ended.signal)
        if (ended.signal.aborted) return
        found.value = list
        failure.value = undefined
      } catch (thrown) {
        if (!ended.signal.aborted) failure.value = wordsOf(thrown)
      }
    }
    void look()
    return () => ended.abort()
  }, [pid, filter, count, messages, process.state, memoryBytes, acts.value])
  const columns = useMemo(() => {
    const act = async (work: (instance: string) => Promise<unknown>, { key }: ListedKey): Promise<void> => {
      wrong.value = undefined
      try {
        await work(`${pid}:${key}`)
      } catch (thrown) {
        wrong.value = wordsOf(thrown)
      }
      acts.value += 1
    }
    return columnsOf(hashOfProcess(process), {
      restart: (key) => void act(source.restart, key),
      kill: (key) => void act(source.kill, key),
    })
  }, [pid])
  const { total = count ?? 0, keys = [] } = found.value ?? {}
  return (
    <>
      <div class="row bar">
        <span id="keys-title">Keys</span>
        <span class="soft count" role="status">
          {keys.length === total ? formatCount(total) : `${formatCount(keys.length)} of ${formatCount(total)}`}
        </span>
        <span class="grow" />
        <FilterField label="Filter keys" value={table.filter} />
      </div>
      <ErrorLine error={failure.value ?? wrong.value} />
      <div ref={place} tabIndex={-1} role="group" aria-labelledby="keys-title">
        {keys.length > 0 && (
          <VirtualTable
            labelledBy="keys-title"
            rows={keys}
            keyOf={({ key }) => key}
            columns={columns}
            state={table}
            selected={state.key.value}
            onSelect={(key) => (state.key.value = key)}
            onOpen={() => goTo(hashOfProcess(process))}
          />
        )}
        {found.value && keys.length === 0 && (
          <p class="soft hint">
            {total === 0
              ? 'There is no key yet. The first message of a key makes its instance.'
              : 'No key is like that.'}
          </p>
        )}
      </div>
    </>
  )
}

type Act = (key: ListedKey) => void

function columnsOf(page: string, does: { restart: Act; kill: Act }): readonly Column<ListedKey>[] {
  return [
    {
      key: 'key',
      head: 'Key',
      cell: ({ key }) => (
        <span class="name">
          <a href={page} title={`Call ${key}`}>
            <bdi>{key}</bdi>
          </a>
        </span>
      ),
    },
    { key: 'state', head: 'State', width: 128, from: 420, cell: (listed) => <State listed={listed} /> },
    {
      key: 'used',
      head: 'Last used',
      width: 128,
      from: 700,
      cell: ({ usedAt, createdAt }) => (
        <span title={`Made ${formatMoment(createdAt)}`}>{usedAt === undefined ? '–' : formatMoment(usedAt)}</span>
      ),
    },
    {
      key: 'memory',
      head: 'Memory',
      width: 84,
      from: 560,
      isNumber: true,
      cell: ({ memoryBytes }) => formatBytes(memoryBytes),
    },
    {
      key: 'acts',
      head: <span class="sr-only">What can be done with it</span>,
      width: 172,
      cell: (listed) => <Acts key={listed.key} listed={listed} {...does} />,
    },
  ]
}

function State({ listed: { state, dead } }: { listed: ListedKey }) {
  const process = { state, waiting: 0, exits: [], backoffUntil: undefined, keys: undefined }
  return (
    <span title={dead}>
      <ProcessState process={process} />
    </span>
  )
}

/** A killed key loses what it has, so that is asked once, in its own place. */
function Acts({ listed, restart, kill }: { listed: ListedKey; restart: Act; kill: Act }) {
  const asks = useSignal(false)
  const { key } = listed
  if (asks.value) {
    return (
      <button
        type="button"
        class="button"
        title="What it has in memory and under /data is lost."
        onBlur={() => (asks.value = false)}
        onClick={() => kill(listed)}
        ref={(it) => it?.focus()}
      >
        Kill for good
      </button>
    )
  }
  return (
    <span class="row">
      <button
        type="button"
        class="button"
        aria-label={`Restart ${key}`}
        title="Starts a fresh instance. What it has in memory is lost, its files stay."
        onClick={() => restart(listed)}
      >
        Restart
      </button>
      <button type="button" class="button" aria-label={`Kill ${key}`} onClick={() => (asks.value = true)}>
        Kill
      </button>
    </span>
  )
}
