import { type Exit, exitText } from '../../glia/process/exit.ts'
import { formatMoment } from '../kit/format.ts'
import { formatWhole } from '../kit/whole-moment.ts'

/** When and why the instances of a process ended, the newest first. */
export function ExitList({ exits }: { exits: readonly Exit[] }) {
  return (
    <ol class="exits">
      {exits.toReversed().map(({ at, method, reason, final }, i) => (
        <li key={exits.length - i}>
          <time class="soft" dateTime={new Date(at).toISOString()} title={formatWhole(at)}>
            {formatMoment(at)}
          </time>{' '}
          {method !== undefined && <span class="mono">{method}: </span>}
          {exitText(reason)}
          {final && <span class="soft"> (for good)</span>}
        </li>
      ))}
    </ol>
  )
}
