/** The file input, styled as the page's main button. Several files make several processes. */
export function AddActorInput({ onFiles }: { onFiles: (files: File[]) => void }) {
  return (
    <label class="button main file-button" title="Add a .wasm actor">
      <span aria-hidden="true">
        Add<span class="wide-only"> a .wasm actor</span>
      </span>
      <input
        type="file"
        accept=".wasm,application/wasm"
        multiple
        aria-label="Add a .wasm actor"
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])])
          // Lets the person choose the same file again.
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
