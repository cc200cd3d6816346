import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { formatBytes } from '../kit/format.ts'

/** How much this site stores, and how much the browser lets it store. Browsers round both. */
export function StorageUsage() {
  const words = useSignal('')
  useEffect(() => {
    const look = async (): Promise<void> => {
      const { usage, quota } = await navigator.storage.estimate()
      if (usage !== undefined && quota !== undefined)
        words.value = `About ${formatBytes(usage)} of ${formatBytes(quota)} are used.`
    }
    look().catch(() => (words.value = 'This browser does not say how much is used.'))
  }, [])
  return <div class="soft figures">{words.value}</div>
}
