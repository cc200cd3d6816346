import { type ReadonlySignal, signal } from '@preact/signals'
import { keepText, keptText } from './kit/page-storage.ts'

export const THEMES = { system: 'as the system', light: 'light', dark: 'dark' } as const

export type Theme = keyof typeof THEMES

const KEY = 'glia-theme'

const chosen = signal<Theme>('system')

/** The colours that the person chose. */
export const theme: ReadonlySignal<Theme> = chosen

/** Uses colours from now on, and after a reload. */
export function setTheme(next: Theme): void {
  show(next)
  // Where the browser keeps nothing, the choice lasts as long as the page.
  keepText(KEY, next)
}

function kept(): Theme {
  const value = keptText(KEY)
  return value === 'light' || value === 'dark' ? value : 'system'
}

/** Makes the page have the colours that were chosen before, or in another tab. */
export function showTheme(): void {
  show(kept())
}

function show(next: Theme): void {
  chosen.value = next
  document.documentElement.dataset['theme'] = next
}
