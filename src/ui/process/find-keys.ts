import { type KeyList, MAX_LISTED_KEYS } from '../../actors/table/key-list.ts'
import { matches } from '../kit/table-order.ts'
import type { ProcessSource } from '../model.ts'

/**
 * The first keys that have all words of the filter, as many as one list has at most. All keys are looked at, a list at a
 * time, until so many are found.
 * @throws {GliaError} ERR_STORAGE
 */
export async function findKeys(
  source: Pick<ProcessSource, 'keys'>,
  pid: string,
  filter: string,
  cancelled: AbortSignal,
): Promise<KeyList> {
  const found: KeyList['keys'] = []
  let after: string | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one list after the other
    const { total, keys } = await source.keys(pid, { limit: MAX_LISTED_KEYS, after })
    found.push(...keys.filter(({ key }) => matches(filter, [key])))
    after = keys.at(-1)?.key
    const isOver = keys.length < MAX_LISTED_KEYS || found.length >= MAX_LISTED_KEYS
    if (isOver || cancelled.aborted) return { total, keys: found.slice(0, MAX_LISTED_KEYS) }
  }
}
