import { useSignal } from '@preact/signals'

/** Entries that a node shows at first, and that each press of the button adds. */
const SHOWN = 100
/** Nodes down to this depth are open at first. */
const OPEN_DEPTH = 1

/** A JSON value as a tree. A node is made when it is opened. */
export function JsonTree({ value, name, depth = 0 }: { value: unknown; name?: string; depth?: number }) {
  const isOpen = useSignal(depth <= OPEN_DEPTH)
  const shown = useSignal(SHOWN)
  const label = name === undefined ? null : <span class="json-name">{name}: </span>
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="json-leaf">
        {label}
        <span class={`json-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>
      </div>
    )
  }
  const entries = Object.entries(value)
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`
  const rest = entries.length - shown.value
  return (
    <details
      class="json-node"
      open={isOpen.value}
      onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}
    >
      <summary>
        {label}
        <span class="soft">{size}</span>
      </summary>
      {isOpen.value && (
        <div class="json-entries">
          {entries.slice(0, shown.value).map(([key, each]) => (
            <JsonTree key={key} name={key} value={each} depth={depth + 1} />
          ))}
          {rest > 0 && (
            <button type="button" class="link" onClick={() => (shown.value += 10 * SHOWN)}>
              {rest} more
            </button>
          )}
        </div>
      )}
    </details>
  )
}
