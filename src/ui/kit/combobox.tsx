import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useId, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { type Choice, firstChoices } from './choices.ts'

/** Choices that are listed. More nobody reads; another letter finds the others. */
const MAX_LISTED = 50
const NOTHING: readonly Choice[] = []

export interface ComboboxProps {
  label: string
  value: string
  /** Asked for only while the list is shown. While nothing has changed it gives the same array. */
  choices: () => readonly Choice[]
  placeholder?: string
  inputRef?: RefObject<HTMLInputElement | null>
  /** Whether the list is always there, as in a dialog. Otherwise it comes with the focus. */
  isInline?: boolean
  onInput: (text: string) => void
  onChoose: (choice: Choice) => void
  onFocus?: () => void
  onBlur?: () => void
}

/**
 * A box with a list of what may be put into it, and of which words are enough. Up and Down go through the list, Enter
 * chooses, Escape closes it.
 */
export function Combobox(props: ComboboxProps) {
  const { label, value, choices, placeholder, inputRef = null, isInline = false, onInput, onChoose } = props
  const id = useId()
  const isOpen = useSignal(isInline)
  /** Whether the person typed since the list came. Until then the text is no filter. */
  const hasTyped = useSignal(isInline)
  const at = useSignal(isInline ? 0 : -1)
  const list = useRef<HTMLUListElement>(null)
  const given = isOpen.value ? choices() : NOTHING
  const words = hasTyped.value ? value : ''
  const listed = useMemo(() => firstChoices(given, words, MAX_LISTED), [given, words])
  const active = Math.min(at.value, listed.length - 1)
  useLayoutEffect(() => list.current?.children[active]?.scrollIntoView({ block: 'nearest' }), [active])
  const close = (): void => {
    isOpen.value = isInline
    hasTyped.value = isInline
    at.value = isInline ? 0 : -1
  }
  const choose = (choice: Choice): void => {
    close()
    onChoose(choice)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const { key } = event
    const choice = listed[active]
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      const { length } = isOpen.value ? listed : firstChoices(choices(), words, MAX_LISTED)
      isOpen.value = true
      const step = key === 'ArrowDown' ? 1 : -1
      at.value = length === 0 ? -1 : (active + step + length) % length
    } else if (key === 'Enter' && isOpen.value && choice && !event.ctrlKey && !event.metaKey) {
      choose(choice)
    } else if (key === 'Escape' && isOpen.value && !isInline) {
      close()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class={`combobox ${isInline ? 'inline' : ''}`}>
      <input
        ref={inputRef}
        class="input"
        role="combobox"
        aria-label={label}
        aria-expanded={isOpen.value}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen.value && active >= 0 ? `${id}-${active}` : undefined}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        placeholder={placeholder}
        value={value}
        onFocus={({ currentTarget }) => {
          props.onFocus?.()
          if (!isInline) currentTarget.select()
        }}
        onClick={() => (isOpen.value = true)}
        onBlur={() => {
          close()
          props.onBlur?.()
        }}
        onInput={({ currentTarget }) => {
          isOpen.value = true
          hasTyped.value = true
          at.value = 0
          onInput(currentTarget.value)
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} ref={list} role="listbox" aria-label={label} hidden={!isOpen.value || listed.length === 0}>
        {listed.map((choice, i) => (
          <li
            key={choice.value}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            // The box keeps the focus.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(choice)}
          >
            <span class="choice-words">{choice.words}</span>
            <span class="soft mono">{choice.hint}</span>
          </li>
        ))}
      </ul>
      {isInline && listed.length === 0 && (
        <p class="soft hint" role="status">
          Nothing is called like that.
        </p>
      )}
    </div>
  )
}
