/** The file input, dressed as the page's main button. Several files make several processes. */
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
          // So that the same file can be chosen again.
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
