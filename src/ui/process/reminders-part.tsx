import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { Attempt } from '../kit/attempt.ts'
import { ErrorLine } from '../kit/error-line.tsx'
import { formatMoment, formatSpan } from '../kit/format.ts'
import { useKeptFocus } from '../kit/use-kept-focus.ts'
import type { ProcessView, TabModel } from '../model.ts'
import { SysClient } from '../peers/sys-client.ts'
import { readReminders, type ToldReminder } from '../peers/told-parts.ts'

export interface RemindersPartProps {
  model: TabModel
  process: ProcessView
}

/** The messages that a process gets later. The system process of its peer has them. */
export function RemindersPart({ model, process }: RemindersPartProps) {
  const { pid, host, messages, state } = process
  const sys = useMemo(() => new SysClient(model, host ?? 'self'), [host])
  const found = useSignal<readonly ToldReminder[] | undefined>(undefined)
  const shownList = useRef<HTMLUListElement>(null)
  useKeptFocus(shownList, 'li')
  const listing = useMemo(() => new Attempt(), [pid])
  const change = useMemo(() => new Attempt(), [pid])
  const list = (): void =>
    void listing.run(async (cancelled) => {
      const { head } = await sys.order('reminders', { pid }, { cancelled, isLook: true })
      found.value = readReminders(head['reminders'])
    })
  // A reminder is a message, and a message may ask for one.
  useEffect(list, [pid, messages, state])
  const forget = (id: string): void =>
    void change.run(async (cancelled) => {
      await sys.order('forget', { pid, id }, { cancelled })
      list()
    })
  return (
    <div class="field">
      <ErrorLine error={listing.error.value ?? change.error.value} />
      {found.value?.length === 0 && (
        <p class="soft hint">
          It waits for no message. A process asks to be reminded with a message to <span class="mono">sys/remind</span>.
        </p>
      )}
      <ul ref={shownList} tabIndex={-1} class="plain files-list" aria-label="Reminders">
        {found.value?.map((reminder) => (
          <li key={reminder.id} class="row">
            <span class="grow">
              <span class="mono">{reminder.method}</span>
              <span class="soft">{`, ${timeWords(reminder)}`}</span>
            </span>
            <button
              type="button"
              class="button"
              aria-label={`Forget the reminder of ${reminder.method}, ${timeWords(reminder)}`}
              onClick={() => forget(reminder.id)}
            >
              Forget
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** `12:30:00, then every 5 s`. */
function timeWords({ dueAt, everyMs, cron }: ToldReminder): string {
  const first = formatMoment(dueAt)
  if (cron) return `${first}, then at ${cron.pattern} (${cron.timeZone})`
  return everyMs === undefined ? `${first}, once` : `${first}, then every ${formatSpan(everyMs)}`
}
