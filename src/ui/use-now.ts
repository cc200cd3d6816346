import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** The time, ms since the epoch, kept up to date while the component is shown. @param everyMs How often. */
export function useNow(everyMs: number): number {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now.value
}
