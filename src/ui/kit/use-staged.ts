import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/**
 * How many of many things a view renders now: a few at first, and more after each picture until all are there. So the
 * first picture comes soon, and input is answered between two of them.
 * @param step How many are added each time.
 */
export function useStaged(total: number, step: number): number {
  const shown = useSignal(step)
  const now = Math.min(shown.value, total)
  useEffect(() => {
    if (now < total) shown.value = now + step
  }, [now, total])
  return now
}
