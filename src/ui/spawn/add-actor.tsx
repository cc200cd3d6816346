/** Name of the file input. */
export const ADD_ACTOR = 'Add a .wasm actor'

/** The file input, styled as the page's main button. Several files make several processes. */
export function AddActorInput({ onFiles }: { onFiles: (files: File[]) => void }) {
  return (
    <label class="button main file-button" title={ADD_ACTOR}>
      <span aria-hidden="true">
        Add<span class="wide-only"> a .wasm actor</span>
      </span>
      <input
        type="file"
        accept=".wasm,.gliasnap,application/wasm"
        multiple
        aria-label={ADD_ACTOR}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])])
          // Lets the person choose the same file again.
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
