import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { JsonTree } from './json-tree.tsx'
import { imageType, jsonOf, type ReplyFormat } from './reply-format.ts'
import { hexDump, ReplyBuffer } from './reply-text.ts'

/** Bytes that are shown in hexadecimal at first, and that each press of the button adds. */
const HEX_BYTES = 4096

const WORDS: Readonly<Record<ReplyFormat, string>> = { text: 'Text', json: 'JSON', hex: 'Hex', image: 'Image' }

/** Bytes as text, and as an image, a JSON tree or hexadecimal where they are that. */
export function BytesView({ bytes, label }: { bytes: Uint8Array<ArrayBuffer>; label: string }) {
  const text = useMemo(() => textOf(bytes), [bytes])
  const type = useMemo(() => imageType(bytes), [bytes])
  const json = useMemo(() => jsonOf(bytes), [bytes])
  const chosen = useSignal<ReplyFormat>(type === undefined ? 'text' : 'image')
  return (
    <>
      <Formats
        formats={[
          'text',
          ...(json ? (['json'] as const) : []),
          ...(type === undefined ? [] : (['image'] as const)),
          'hex',
        ]}
        chosen={chosen.value}
        onChoose={(format) => (chosen.value = format)}
      />
      {chosen.value === 'text' ? (
        <pre class="out" role="region" aria-label={label} tabIndex={0}>
          {text.text}
        </pre>
      ) : (
        <Content format={chosen.value} bytes={bytes} type={type} json={json} label={label} />
      )}
      {chosen.value === 'text' && text.note && <p class="soft">{text.note}</p>}
    </>
  )
}

/** Buttons for the ways to look at bytes. */
export function Formats(props: {
  formats: readonly ReplyFormat[]
  chosen: ReplyFormat
  onChoose: (format: ReplyFormat) => void
}) {
  return (
    <div class="formats" role="group" aria-label="Show as">
      {props.formats.map((format) => (
        <button
          key={format}
          type="button"
          aria-pressed={format === props.chosen}
          onClick={() => props.onChoose(format)}
        >
          {WORDS[format]}
        </button>
      ))}
    </div>
  )
}

/** Bytes in one of the ways besides text. */
export function Content(props: {
  format: Exclude<ReplyFormat, 'text'>
  bytes: Uint8Array<ArrayBuffer>
  type: string | undefined
  json: object | undefined
  label: string
}) {
  const { format, bytes, type, json, label } = props
  if (format === 'image') return <Picture bytes={bytes} type={type ?? ''} label={label} />
  return (
    <div class={`out ${format}`} role="region" aria-label={label} tabIndex={0}>
      {format === 'json' ? <JsonTree value={json} /> : <Hex bytes={bytes} />}
    </div>
  )
}

function Hex({ bytes }: { bytes: Uint8Array }) {
  const shown = useSignal(HEX_BYTES)
  const rest = bytes.length - shown.value
  return (
    <>
      <pre>{hexDump(bytes.subarray(0, shown.value))}</pre>
      {rest > 0 && (
        <button type="button" class="link" onClick={() => (shown.value += 4 * HEX_BYTES)}>
          Show more of {bytes.length.toLocaleString('en')} bytes
        </button>
      )}
    </>
  )
}

function Picture({ bytes, type, label }: { bytes: Uint8Array<ArrayBuffer>; type: string; label: string }) {
  const url = useSignal<string | undefined>(undefined)
  const isBroken = useSignal(false)
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type }))
    url.value = made
    return () => URL.revokeObjectURL(made)
  }, [bytes, type])
  if (isBroken.value) return <p class="soft">The browser cannot show this image.</p>
  return <img class="picture" src={url.value} alt={`${label}, an image`} onError={() => (isBroken.value = true)} />
}

function textOf(bytes: Uint8Array): ReplyBuffer {
  const buffer = new ReplyBuffer()
  buffer.add(bytes)
  buffer.end()
  return buffer
}
