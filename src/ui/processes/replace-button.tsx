/** Lets the person choose a new version of a process's module. */
export function ReplaceButton({ onFile }: { onFile: (file: File) => void }) {
  return (
    <label class="button plain file-button">
      <span aria-hidden="true">Replace module…</span>
      <input
        type="file"
        accept=".wasm,application/wasm"
        aria-label="Replace module"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          if (file) onFile(file)
          // Lets the person choose the same file again.
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
