import { type ReadonlySignal, signal } from '@preact/signals'
import { keepText, keptText } from './kit/page-storage.ts'

export const THEMES = { system: 'as the system', light: 'light', dark: 'dark' } as const

export type Theme = keyof typeof THEMES

const KEY = 'glia-theme'

const chosen = signal<Theme>(kept())

/** The colours that the person chose. */
export const theme: ReadonlySignal<Theme> = chosen

/** Uses colours from now on, and after a reload. */
export function setTheme(next: Theme): void {
  chosen.value = next
  showTheme()
  // Where the browser keeps nothing, the choice lasts as long as the page.
  keepText(KEY, next)
}

function kept(): Theme {
  const value = keptText(KEY)
  return value === 'light' || value === 'dark' ? value : 'system'
}

/** Makes the page have the chosen colours. */
export function showTheme(): void {
  document.documentElement.dataset['theme'] = chosen.value
}
