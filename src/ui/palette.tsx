import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Combobox } from './kit/combobox.tsx'
import type { TabModel } from './model.ts'
import { type Command, commandsOf } from './palette-commands.ts'
import type { Page } from './page.ts'
import { useModal } from './use-modal.ts'

/** A box that finds views, processes and peers, and what can be done with them, by a few letters. */
export function Palette({ model, page }: { model: TabModel; page: Page }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const input = useRef<HTMLInputElement>(null)
  const typed = useSignal('')
  const commands = useComputed(() => commandsOf(model, page))
  const close = (): void => {
    page.paletteShown.value = false
  }
  useModal(dialog, close)
  useEffect(() => input.current?.focus(), [])
  const run = (command: Command): void => {
    // Closing gives the focus back. What the command shows may take it then.
    dialog.current?.close()
    command.run()
  }
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Commands"
      onClose={close}
      onClick={({ target, currentTarget }) => {
        // A click on the backdrop has the dialog as its target; a click inside has not.
        if (target === currentTarget) currentTarget.close()
      }}
    >
      <Combobox
        isInline
        label="Go to, start, restart, kill…"
        placeholder="Go to, start, restart, kill…"
        inputRef={input}
        value={typed.value}
        choices={() => commands.value}
        onInput={(text) => (typed.value = text)}
        onChoose={({ value }) => {
          const command = commands.peek().find((each) => each.value === value)
          if (command) run(command)
        }}
      />
    </dialog>
  )
}
