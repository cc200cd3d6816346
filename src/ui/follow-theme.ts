import { showTheme } from './theme.ts'

/** Takes over the colours that the person chooses in another tab of this browser. @returns ends that */
export function followTheme(): () => void {
  // The event is for what other tabs keep, or erase.
  addEventListener('storage', showTheme)
  return () => removeEventListener('storage', showTheme)
}
