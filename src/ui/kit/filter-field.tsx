import type { Signal } from '@preact/signals'

/** A box for words that rows must have. Escape empties it. */
export function FilterField({ label, value }: { label: string; value: Signal<string> }) {
  return (
    <input
      type="search"
      class="input filter"
      aria-label={label}
      placeholder="Filter"
      autocomplete="off"
      spellcheck={false}
      value={value.value}
      onInput={({ currentTarget }) => (value.value = currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || value.value === '') return
        event.preventDefault()
        value.value = ''
      }}
    />
  )
}
