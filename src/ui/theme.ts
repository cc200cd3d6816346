import { type ReadonlySignal, signal } from '@preact/signals'

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
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // The browser keeps nothing for this page: the choice lasts as long as the page.
  }
}

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

/** Makes the page have the chosen colours. */
export function showTheme(): void {
  document.documentElement.dataset['theme'] = chosen.value
}
